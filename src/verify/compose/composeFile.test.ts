import { describe, expect, it, test } from "vitest";
import { composedOf, containerOf, projectOf } from "../../../test/verify/composeFiles.ts";
import { placeAsData } from "../../report/proofData.ts";
import { BadCompose } from "./composeValue.ts";

test("a service tells its environment, however it is written", () => {
  const files = {
    "compose.yaml": `
x-pool: &pool { DB_POOL_MAX: 20 }
services:
  mapped: { image: example/a, environment: { <<: *pool, PGHOST: "\${HOST:-pgbouncer}", PGUSER: null } }
  listed: { environment: [ "PGHOST=$HOST", PGUSER, ABSENT, "URL=a=b" ] }
  filed: { env_file: [ author.env, { path: absent.env, required: false } ], environment: { PGUSER: own } }
`,
    "author.env": `PGUSER=file\nPGDATABASE="of \${PGUSER}"`,
  };
  const options = { shell: { HOST: "proxy", PGUSER: "shell" } };
  const environmentOf = (name: string) => containerOf(files, name, options).environment;
  expect(environmentOf("mapped")).toEqual({ DB_POOL_MAX: "20", PGHOST: "proxy", PGUSER: "shell" });
  expect(environmentOf("listed")).toEqual({
    PGHOST: "proxy",
    PGUSER: "shell",
    ABSENT: "variable ABSENT",
    URL: "a=b",
  });
  expect(environmentOf("filed")).toEqual({ PGUSER: "own", PGDATABASE: "of shell" });
  expect(containerOf(files, "filed", options).hidden).toEqual(["file absent.env"]);
});

test("ports, names, words and files, in short and in long", () => {
  const files = {
    "shop/compose.yaml": `
configs: { ini: { file: ./conf/pgbouncer.ini }, made: { content: "[databases]" }, theirs: { external: true } }
secrets: { url: { file: url.txt }, key: { environment: KEY } }
services:
  short:
    ports: [ "127.0.0.1:7000:6432/tcp", 8080, "3000-3001:3000-3001" ]
    expose: [ "5432" ]
    container_name: bouncer
    networks: { back: { aliases: [ db ] }, front: null }
    command: node server.js --name "two words" 'and ''more' a\\ b
    volumes: [ "./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini:ro", data, "./data:/data", "./gone.yaml:/a.yaml", "./tls.key:/k" ]
  long:
    ports: [ { target: 6432, published: "6432" } ]
    entrypoint: [ /bin/pgbouncer, /etc/p.ini ]
    volumes: [ { type: bind, source: ./conf, target: /etc/conf }, "pool:/etc/pgbouncer" ]
    configs: [ ini, { source: ini, target: /etc/p.ini }, made, theirs ]
    secrets: [ url, key ]
`,
    "shop/pgbouncer.ini": "",
    "shop/conf/pgbouncer.ini": "",
    "shop/conf/code.js": "",
    "shop/conf/conf.d/more.conf": "",
    "shop/url.txt": "postgres://",
    "shop/tls.key": "",
  };
  expect(containerOf(files, "short")).toMatchObject({
    command: ["node", "server.js", "--name", "two words", "and more", "a b"],
    hosts: ["short", "bouncer", "db"],
    ports: [6432, 8080, 3000, 3001, 5432],
    files: { "/etc/pgbouncer/pgbouncer.ini": "shop/pgbouncer.ini" },
    hidden: ["file shop/gone.yaml"],
  });
  expect(containerOf(files, "long")).toMatchObject({
    entrypoint: ["/bin/pgbouncer", "/etc/p.ini"],
    ports: [6432],
    files: {
      "/etc/conf/pgbouncer.ini": "shop/conf/pgbouncer.ini",
      "/etc/conf/conf.d/more.conf": "shop/conf/conf.d/more.conf",
      "/ini": "shop/conf/pgbouncer.ini",
      "/etc/p.ini": "shop/conf/pgbouncer.ini",
      "/made": "made",
      "/run/secrets/url": "shop/url.txt",
    },
    hidden: ["volume pool", "config theirs", "secret key"],
  });
});

test.each([
  ["nothing", "", 1],
  ["scale", "scale: 2", 2],
  ["deploy", "deploy: { replicas: 3 }", 3],
  ["none", "deploy: { replicas: 0 }", 0],
  ["a variable with a default", 'deploy: { replicas: "${N:-4}" }', 4],
  ["a job", "deploy: { mode: replicated-job, replicas: 2 }", 2],
  ["new ones first", "deploy: { replicas: 3, update_config: { order: start-first } }", 4],
  [
    "all new ones first",
    "deploy: { replicas: 3, update_config: { order: start-first, parallelism: 0 } }",
    6,
  ],
])("the containers of a service by %s", (_, fields, count) => {
  const files = { "compose.yaml": `services: { a: { image: a, ${fields} } }` };
  expect(containerOf(files, "a").pods).toMatchObject({ value: count });
});

test.each([
  ['deploy: { replicas: "${N}" }', "variable N"],
  ["deploy: { mode: global }", "one on each machine"],
])("how many containers %s makes is asked", (fields, what) => {
  const files = { "compose.yaml": `services: { a: { image: a, ${fields} } }` };
  expect(containerOf(files, "a").pods).toMatchObject({ what: expect.stringContaining(what) });
});

describe("several files", () => {
  it("are merged as docker compose merges them", () => {
    const files = {
      "compose.yaml": `
services:
  a:
    image: a:1
    command: [ one ]
    environment: [ "KEPT=1", "CHANGED=1", "RESET=1" ]
    ports: [ 80 ]
    env_file: first.env
    volumes: [ "./a.ini:/etc/a.ini", "./b.ini:/etc/b.ini" ]
    expose: [ 90 ]
  gone: { image: b }
`,
      "compose.override.yaml": `
services:
  a:
    command: [ two ]
    environment: { CHANGED: 2, ADDED: 2, RESET: !reset null }
    ports: [ 81 ]
    env_file: [ second.env ]
    volumes: [ "./c.ini:/etc/a.ini" ]
    expose: !override [ 91 ]
  gone: !reset null
  new: { image: c }
`,
      "first.env": "FIRST=1\nBOTH=1",
      "second.env": "SECOND=2\nBOTH=2",
      "b.ini": "",
      "c.ini": "",
    };
    const options = { over: ["compose.override.yaml"] };
    expect([...projectOf(files, options).services.keys()]).toEqual(["a", "new"]);
    expect(containerOf(files, "a", options)).toMatchObject({
      image: "a:1",
      command: ["two"],
      environment: { KEPT: "1", CHANGED: "2", ADDED: "2", FIRST: "1", SECOND: "2", BOTH: "2" },
      ports: [80, 81, 91],
      files: { "/etc/a.ini": "c.ini", "/etc/b.ini": "b.ini" },
    });
  });

  it("are extended and included, each path from the file's own folder", () => {
    const files = {
      "compose.yaml": `
include: [ db/compose.yaml, { path: [ more.yaml, over.yaml ], project_directory: elsewhere, env_file: more.env } ]
services:
  base: { image: "base:\${TAG}", environment: { A: base, B: base } }
  own: { extends: base, environment: { B: own } }
  other: { extends: { file: common/services.yaml, service: worker }, environment: { C: own } }
`,
      ".env": "TAG=1",
      "db/compose.yaml": 'services: { db: { image: "postgres:${PG}", env_file: db.env } }',
      "db/.env": "PG=17\nTAG=2",
      "db/db.env": "D=db",
      "common/services.yaml": `
services:
  first: { image: first, env_file: first.env }
  worker: { extends: { service: first }, environment: { C: worker, E: "\${TAG}" } }
`,
      "common/first.env": "F=first",
      "more.yaml": 'services: { more: { image: "${NAME}", env_file: a.env } }',
      "over.yaml": "services: { more: { environment: { G: over } } }",
      "more.env": "NAME=named",
      "elsewhere/a.env": "H=elsewhere",
    };
    expect(containerOf(files, "own")).toMatchObject({
      image: "base:1",
      environment: { A: "base", B: "own" },
    });
    expect(containerOf(files, "other")).toMatchObject({
      image: "first",
      environment: { F: "first", C: "own", E: "1" },
    });
    expect(containerOf(files, "db")).toMatchObject({
      image: "postgres:17",
      environment: { D: "db" },
    });
    expect(containerOf(files, "more")).toMatchObject({
      image: "named",
      environment: { G: "over", H: "elsewhere" },
    });
    expect([...projectOf(files).files]).toEqual([
      "compose.yaml",
      "db/compose.yaml",
      "more.yaml",
      "over.yaml",
      "common/services.yaml",
    ]);
  });

  it("that are not there hide what they would say", () => {
    const files = {
      "compose.yaml": `
include: [ gone.yaml ]
services: { a: { image: a, extends: { file: b.yaml, service: b } } }
`,
    };
    expect(containerOf(files, "a").hidden).toEqual(["file b.yaml"]);
    expect(composedOf(files).system.missing).toMatchObject([
      { what: expect.stringContaining("the services of gone.yaml") },
    ]);
  });
});

test("a field is found where it stands: also by an anchor, and in an env file", () => {
  const files = {
    "compose.yaml": `x-env: &env
  A: 1
services:
  app:
    image: app
    env_file: app.env
    environment:
      <<: *env
      B: 2
`,
    "app.env": "# comment\nC=3\n",
  };
  const [service] = composedOf(files).services;
  const { variables } = service?.workload.containers[0]?.environment ?? {};
  const placeOf = (name: string) => {
    const place = variables?.get(name)?.place;
    if (place === undefined) throw new Error(`there is no ${name}`);
    const { file, line, column, object, field } = placeAsData(place);
    return `${file}:${line}:${column}: ${object}: ${field}`;
  };
  expect(["A", "B", "C"].map(placeOf)).toEqual([
    "compose.yaml:2:3: service app: x-env.A",
    "compose.yaml:9:7: service app: services.app.environment.B",
    "app.env:2:1: service app: C",
  ]);
});

test("thousands of aliases are read, and a bomb of them", () => {
  const services = Array.from({ length: 3000 }, (_, index) => `  s${index}: { <<: *a }`);
  const many = `x: &a { image: a }\nservices:\n${services.join("\n")}\n`;
  expect(projectOf({ "compose.yaml": many }).services.size).toBe(3000);
  const bomb = Array.from({ length: 9 }, (_, index) => {
    const ten = Array.from({ length: 10 }, () => `*a${index}`).join(", ");
    return `a${index + 1}: &a${index + 1} [ ${ten} ]`;
  });
  const text = `a0: &a0 [ x ]\n${bomb.join("\n")}\nservices: { a: { image: a } }`;
  expect(projectOf({ "compose.yaml": text }).services.size).toBe(1);
});

test.each([
  ["services: { a: [hush", "compose.yaml: is not YAML; docker compose config says where"],
  ["hush", "compose.yaml: has no services: is it a compose file?"],
  ["services: [hush]", "compose.yaml: has no services: is it a compose file?"],
  ["services: { a: hush }", "compose.yaml: services.a must be a mapping"],
  ["services: { a: { extends: a } }", "compose.yaml: service a extends itself"],
  ["include: compose.yaml\nservices: { a: { image: a } }", "compose.yaml: includes itself"],
  [
    "services: { a: &a { image: a, x: *a } }",
    "compose.yaml: services.a.x: its alias leads nowhere, or to itself",
  ],
])("%j is refused in one line, without what is in it", (text, message) => {
  expect(() => projectOf({ "compose.yaml": text })).toThrow(new BadCompose(message));
});
