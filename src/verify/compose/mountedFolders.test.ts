import { expect, it } from "vitest";
import { composedOf, containerOf } from "../../../test/verify/composeFiles.ts";

const project = (source: string, target: string, files: readonly string[]) => ({
  "shop/compose.yaml": `services: { app: { image: example/app, volumes: ["${source}:${target}"] } }`,
  ...Object.fromEntries(files.map((file) => [`shop/${file}`, "a: b"])),
});

function filesOf(source: string, target: string, files: readonly string[]): readonly string[] {
  return Object.keys(containerOf(project(source, target, files), "app").files).toSorted();
}

const SETTINGS = [
  "app.yml",
  "b.yaml",
  "c.json",
  "d.conf",
  "e.cfg",
  "f.ini",
  "g.toml",
  "h.properties",
  "i.env",
  "j.xml",
  "k.php",
  "userlist.txt",
];

it("reads each kind of settings in a mounted folder", () => {
  const files = SETTINGS.map((name) => `conf/${name}`);
  expect(filesOf("./conf", "/app/conf", files)).toEqual(
    SETTINGS.map((name) => `/app/conf/${name}`),
  );
});

it("reads settings in folders below it", () => {
  expect(filesOf("./grafana", "/etc/grafana", ["grafana/a/b/c/d.yml", "grafana/.env"])).toEqual([
    "/etc/grafana/.env",
    "/etc/grafana/a/b/c/d.yml",
  ]);
});

it.each([
  ["another kind of file", ["conf/a.py", "conf/b.md", "conf/c.sql"]],
  ["what builds a program", ["conf/package.json", "conf/docker-compose.yml", "conf/tsconfig.json"]],
  ["libraries and tests", ["conf/node_modules/a/b.json", "conf/.git/c.yml", "conf/tests/d.yml"]],
])("reads no %s", (_, files) => {
  expect(filesOf("./conf", "/app/conf", files)).toEqual([]);
});

it.each([".", "./", ".."])("of the project's own folder %s reads only inis and confs", (source) => {
  const own = ["app.yml", "d.conf", "conf/f.ini", "conf/app.yml"];
  const prefix = source === ".." ? "/app/shop" : "/app";
  const found = filesOf(source, "/app", own);
  expect(found).toEqual(source === ".." ? [] : [`${prefix}/conf/f.ini`, `${prefix}/d.conf`]);
});

function withVolumesFrom(from: string, more = "") {
  const compose = `services:
  app: { image: example/app, volumes_from: ["${from}"], volumes: ["./own:/own"] }
  files: { image: busybox, volumes: ["./conf:/conf", "data:/data"]${more} }
  first: { image: busybox, volumes: ["./first:/first"], volumes_from: [files] }
volumes: { data: {} }
`;
  const names = ["own/a.yml", "conf/b.yml", "first/c.yml"];
  const files = Object.fromEntries(names.map((name) => [`shop/${name}`, "a: b"]));
  return containerOf({ "shop/compose.yaml": compose, ...files }, "app");
}

it.each([
  ["files", "", ["/conf/b.yml", "/own/a.yml"]],
  ["files:ro", "", ["/conf/b.yml", "/own/a.yml"]],
  ["first", "", ["/conf/b.yml", "/first/c.yml", "/own/a.yml"]],
  ["first", ", volumes_from: [first]", ["/conf/b.yml", "/first/c.yml", "/own/a.yml"]],
])("reads what volumes_from: [%s] takes from a service%s", (from, more, files) => {
  const found = withVolumesFrom(from, more);
  expect([Object.keys(found.files).toSorted(), found.hidden]).toEqual([files, []]);
});

it.each(["container:other", "container:other:ro"])("does not know what %s mounts", (from) => {
  expect(withVolumesFrom(from).hidden).toEqual(["what container other mounts"]);
});

const POOLED = `services:
  pg: { image: postgres:17, command: [postgres, -c, max_connections=100] }
  pgbouncer:
    image: edoburu/pgbouncer:v1.24.1-p0
    environment: { DB_HOST: pg, DB_USER: app, DB_NAME: app, LISTEN_PORT: "6432" }
  app: { image: example/app, volumes: ["./conf:/app/conf"] }
`;

it.each([
  ["a URL", "url: postgres://app:x@pgbouncer:6432/app", ["service app"]],
  ["a host", "url: pgbouncer:6432", ["service app"]],
  ["another port of it", "targets: ['pgbouncer:9127']", []],
  ["no pooler", "url: redis:6379", []],
])("a file in a mounted folder that names %s", (_, text, clients) => {
  const { system } = composedOf({ "compose.yaml": POOLED, "conf/app.yml": text });
  expect(system.clients.map(({ workload }) => workload)).toEqual(clients);
});

it.each([
  ["a list of logins", "./userlist.txt:/etc/pgbouncer/userlist.txt"],
  ["a secret key", "./tls.key:/etc/tls.key"],
])("%s that is not there is no question", (_, mount) => {
  const text = `services: { pgbouncer: { image: example/pgbouncer, volumes: ["${mount}"] } }`;
  expect(containerOf({ "compose.yaml": text }, "pgbouncer").hidden).toEqual([]);
});
