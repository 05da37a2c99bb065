import { expect, test } from "vitest";
import { BadCompose, readCompose, type ComposeProject } from "./composeFile.ts";

function read(text: string, variables: Readonly<Record<string, string>> = {}): ComposeProject {
  return readCompose("compose.yaml", text, {
    variable: (name) => variables[name],
    envFile: (path) => (path === "author.env" ? { PGUSER: "file", PGDATABASE: "file" } : undefined),
  });
}

test("a service tells its environment, however it is written", () => {
  const { services } = read(
    `
x-pool: &pool { DB_POOL_MAX: 20 }
services:
  mapped: { image: example/a, environment: { <<: *pool, PGHOST: "\${HOST:-pgbouncer}", PGUSER: null } }
  listed: { environment: [ "PGHOST=$HOST", PGUSER, ABSENT, "URL=a=b" ] }
  filed: { env_file: [ author.env, { path: absent.env, required: false } ], environment: { PGUSER: own } }
`,
    { HOST: "proxy", PGUSER: "shell" },
  );

  expect(services.map(({ name, image, environment }) => [name, image, environment])).toEqual([
    ["mapped", "example/a", { DB_POOL_MAX: "20", PGHOST: "proxy", PGUSER: "shell" }],
    ["listed", "", { PGHOST: "proxy", PGUSER: "shell", URL: "a=b" }],
    ["filed", "", { PGUSER: "own", PGDATABASE: "file" }],
  ]);
});

test("replicas, ports, names, words and files, in short and in long", () => {
  const { services } = read(`
configs: { ini: { file: ./conf/pgbouncer.ini } }
services:
  short:
    scale: 2
    ports: [ "127.0.0.1:7000:6432/tcp", 8080, "3000-3001:3000-3001" ]
    expose: [ "5432" ]
    container_name: bouncer
    networks: { back: { aliases: [ db ] }, front: null }
    command: node server.js --workers 2
    labels: [ "weir.dev/pool-max=5" ]
    volumes: [ "./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini:ro", data ]
  long:
    deploy: { replicas: 3 }
    ports: [ { target: 6432, published: "6432" } ]
    entrypoint: [ /bin/pgbouncer, /etc/p.ini ]
    labels: { weir.dev/pool-max: 5 }
    volumes: [ { type: bind, source: ./a.ini, target: /etc/a.ini } ]
    configs: [ ini, { source: ini, target: /etc/p.ini } ]
`);

  expect(services).toEqual([
    {
      name: "short",
      image: "",
      replicas: 2,
      environment: {},
      labels: { "weir.dev/pool-max": "5" },
      command: ["node", "server.js", "--workers", "2"],
      entrypoint: [],
      aliases: ["bouncer", "db"],
      ports: [6432, 8080, 5432],
      files: { "/etc/pgbouncer/pgbouncer.ini": "./pgbouncer.ini" },
    },
    {
      name: "long",
      image: "",
      replicas: 3,
      environment: {},
      labels: { "weir.dev/pool-max": "5" },
      command: [],
      entrypoint: ["/bin/pgbouncer", "/etc/p.ini"],
      aliases: [],
      ports: [6432],
      files: {
        "/etc/a.ini": "./a.ini",
        "/ini": "./conf/pgbouncer.ini",
        "/etc/p.ini": "./conf/pgbouncer.ini",
      },
    },
  ]);
});

test("what stands in other files is named", () => {
  const { elsewhere } = read("include: [ a.yaml ]\nservices: { a: { extends: b }, b: {} }");
  expect(elsewhere).toEqual(["include", "service a: extends"]);
});

test.each([
  ["services: { a: [hush", "compose.yaml: is not YAML; docker compose config says where"],
  ["hush", "compose.yaml: has no services: is it a compose file?"],
  ["services: [hush]", "compose.yaml: has no services: is it a compose file?"],
  ["services: { a: hush }", "compose.yaml: services.a must be a mapping"],
])("%j is refused in one line, without what is in it", (text, message) => {
  expect(() => read(text)).toThrow(new BadCompose(message));
});
