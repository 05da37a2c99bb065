import { readObjects } from "../../src/verify/read/readObjects.ts";
import { readSystem } from "../../src/verify/read/readSystem.ts";
import { processesOf, type Client, type Pooler, type System } from "../../src/verify/system.ts";
import { PRODUCTS } from "./products.ts";
import type { Quantity } from "../../src/verify/quantity.ts";

/** The system that a text of manifests tells of; annotations by flag: by object, by name. */
export function systemIn(
  text: string,
  annotations: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): System {
  const { objects, problems } = readObjects([{ name: "all.yaml", text }]);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return readSystem(objects, PRODUCTS, {
    overrides: new Map(
      Object.entries(annotations).map(([key, values]) => [key, new Map(Object.entries(values))]),
    ),
  });
}

/** A figure for a comparison: the number, or what is missing. */
export function figure(of: Quantity | undefined): number | string | undefined {
  return of?.known ? of.value : of?.what;
}

/** `[name, processes, pool, pooler, database, user]`, or with the Postgres as the last. */
export function clientShape(client: Client): readonly unknown[] {
  const { name, pool, target } = client;
  const to =
    target.kind === "pooler" ? [target.pooler, target.database, target.user] : [target.postgres];
  return [name, figure(processesOf(client)), figure(pool), ...to];
}

/** What matters of a pooler. */
export function poolerShape({ name, scope, groups, share }: Pooler): unknown {
  return {
    name,
    scope,
    ...(share === undefined ? {} : { share: figure(share) }),
    groups: groups.map(({ processes, capacity, lines, userLimits }) => ({
      processes: figure(processes),
      capacity: figure(capacity),
      lines: lines.map((line) => [
        line.name,
        line.postgres,
        figure(line.poolSize),
        figure(line.reservePool),
        ...(figure(line.maxBackends) === 0 ? [] : [{ servers: figure(line.maxBackends) }]),
        ...(figure(line.maxClients) === 0 ? [] : [{ clients: figure(line.maxClients) }]),
        ...(line.user === undefined ? [] : [{ user: line.user }]),
        ...(line.authUser === undefined ? [] : [{ authUser: line.authUser }]),
        ...(line.database === undefined ? [] : [{ database: line.database }]),
      ]),
      ...(userLimits.size === 0
        ? {}
        : { users: [...userLimits].map(([user, limit]) => [user, figure(limit)]) }),
    })),
  };
}

/** PgBouncer as a Deployment of one with an ini, and its Service `pooler` in namespace db. */
export function poolerText(ini: string, replicas = 1): string {
  return `
apiVersion: v1
kind: ConfigMap
metadata: { name: pooler-ini, namespace: db }
data:
  pgbouncer.ini: |
${ini
  .split("\n")
  .map((line) => `    ${line}`)
  .join("\n")}
---
apiVersion: v1
kind: Service
metadata: { name: pooler, namespace: db }
spec: { selector: { app: pooler }, ports: [{ port: 6432 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: pooler, namespace: db }
spec:
  replicas: ${replicas}
  strategy: { type: Recreate }
  template:
    metadata: { labels: { app: pooler } }
    spec:
      containers:
        - name: pgbouncer
          image: registry.example/pgbouncer:1.26.1
          volumeMounts: [{ name: ini, mountPath: /etc/pgbouncer }]
      volumes: [{ name: ini, configMap: { name: pooler-ini } }]
---
`;
}

/** An ini of one line `app`, for those that ask about something else. */
export const APP_INI = `[databases]
app = host=pg port=5432 pool_size=5 max_db_client_connections=10
[pgbouncer]
max_client_conn = 50`;

/** A Deployment of one pod in namespace db, whose container has this env and these other fields. */
export function deploymentText(env: Readonly<Record<string, string>>, more = ""): string {
  const variables = Object.entries(env).map(
    ([name, value]) => `\n            - { name: ${name}, value: ${JSON.stringify(value)} }`,
  );
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: app, namespace: db }
spec:
  strategy: { type: Recreate }
  template:
    metadata: { labels: { app: app } }
    spec:
      containers:
        - name: server
          image: registry.example/app:1
          env:${variables.length === 0 ? " []" : variables.join("")}${more}
---
`;
}
