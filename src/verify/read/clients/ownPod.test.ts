import { expect, it } from "vitest";
import { systemIn } from "../../../../test/verify/systemText.ts";

const DAEMON = `
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: pooler, namespace: db }
spec:
  template:
    metadata: { labels: { app: pooler } }
    spec:
      hostNetwork: true
      containers:
        - name: pgbouncer
          image: edoburu/pgbouncer:v1.24.1-p0
          env: [{ name: DB_HOST, value: pg.example.com }, { name: DB_NAME, value: app }, { name: LISTEN_PORT, value: "6432" }]
---`;

/** What is asked of a pod with this variable, and its clients; its PgBouncer listens on that port. */
function asked(
  env: string,
  listens: string,
  { pod = "", container = "", before = "" } = {},
): unknown {
  const pooler = `
        - name: pgbouncer
          image: edoburu/pgbouncer:v1.24.1-p0
          env: [{ name: DB_HOST, value: pg.example.com }, { name: DB_NAME, value: app }, ${listens}]`;
  const { clients, missing } = systemIn(`${before}
apiVersion: apps/v1
kind: Deployment
metadata: { name: app, namespace: db }
spec:
  template:
    metadata: { labels: { app: app } }
    spec:
      ${pod}
      containers:
        - name: app
          image: app
          env: [${env}]${container}${listens === "" ? "" : pooler}
`);
  const where = missing.filter(({ what }) => what.startsWith("where "));
  const own = clients.filter(({ name }) => name.startsWith("Deployment db/app,"));
  return [own.length, ...where.map(({ what }) => what.replace(/^.* leads: /, ""))];
}

const url = (host: string): string => `{ name: DATABASE_URL, value: "postgres://app@${host}/app" }`;
const POD_IP = "{ name: POD_IP, valueFrom: { fieldRef: { fieldPath: status.podIP } } }, ";
const ON_6432 = `{ name: LISTEN_PORT, value: "6432" }`;
const HIDDEN = "{ name: LISTEN_PORT, valueFrom: { secretKeyRef: { name: s, key: port } } }";
const OTHER = "to port 6432 of its own pod, where PgBouncer listens on 5432";
const MYSQL = `
        - name: mysql
          image: mysql
          ports: [{ containerPort: 3306 }]`;

it.each([
  ["the port of its PgBouncer", url("localhost:6432"), ON_6432, [1]],
  ["the pod's own address", POD_IP + url("$(POD_IP):6432"), ON_6432, [1]],
  ["another port", url("localhost:6432"), "{ name: X, value: x }", [0, OTHER]],
  ["another port of an address", url("127.0.0.1:6432"), "{ name: X, value: x }", [0, OTHER]],
  [
    "another port of the pod's address",
    POD_IP + url("$(POD_IP):6432"),
    "{ name: X, value: x }",
    [0, OTHER],
  ],
  [
    "another port, by a host",
    `{ name: DB_HOST, value: localhost }, { name: DB_PORT, value: "6432" }`,
    "{ name: X, value: x }",
    [0, OTHER],
  ],
  ["a port that is not known", url("localhost:6432"), HIDDEN, [1]],
  ["no PgBouncer in the pod", url("localhost:6432"), "", [0]],
])("a container that connects to its own pod, at %s", (_what, env, listens, expected) => {
  expect(asked(env, listens)).toEqual(expected);
});

it("may have another store beside it", () => {
  const env = `{ name: DB_HOST, value: localhost }, { name: DB_PORT, value: "3306" }`;
  expect(asked(env, ON_6432, { container: MYSQL })).toEqual([0]);
});

it("may reach what listens on its node", () => {
  const why = "to its node, where DaemonSet db/pooler may listen";
  const onHost = { pod: "hostNetwork: true", before: DAEMON };
  expect(asked(url("localhost:6432"), "", onHost)).toEqual([0, why]);
  expect(asked(url("localhost:5432"), "", onHost)).toEqual([0]);
  expect(asked(url("localhost:6432"), "", { before: DAEMON })).toEqual([0]);
});

/** The notes on references in the variables of a pod. */
function later(env: string): readonly string[] {
  return systemIn(`${DAEMON}
apiVersion: v1
kind: Service
metadata: { name: pooler, namespace: db }
spec: { selector: { app: pooler }, ports: [{ port: 6432 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: app, namespace: db }
spec: { containers: [{ name: app, image: app, env: [${env}] }] }
`).notes.filter((note) => note.includes("$("));
}

it("has a note where Kubernetes expands no variable that comes later", () => {
  const name = "{ name: DB_NAME, value: app }";
  const to = `{ name: DATABASE_URL, value: "postgres://app@pooler:6432/$(DB_NAME)" }`;
  const note = "define DB_NAME before DATABASE_URL";
  expect(later(`${to}, ${name}`)).toEqual([expect.stringContaining(note)]);
  expect(later(`${name}, ${to}`)).toEqual([]);
  expect(later(to)).toEqual([]);
});
