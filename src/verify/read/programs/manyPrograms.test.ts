import { describe, expect, it } from "vitest";
import { composedOf } from "../../../../test/verify/composeFiles.ts";
import type { Client } from "../../system.ts";

const SERVICES = `services:
  db: { image: postgres:17 }
  pool: { image: edoburu/pgbouncer, environment: { DB_HOST: db, MAX_CLIENT_CONN: 100, DEFAULT_POOL_SIZE: 5 } }
  app:
    image: example/app
    environment: [ "DATABASE_URL=postgres://me:x@pool:5432/app", "POOL_MAX=20", "MORE=1"`;

function clientIn(variables: string, fields = ""): Client | undefined {
  const text = `${SERVICES}${variables} ]\n    ${fields}\n`;
  return composedOf({ "compose.yaml": text }).system.clients[0];
}

describe("a container with many programs", () => {
  it.each([
    ["a list of servers", `, "MCP_SERVERS=author,scene,review"`, ""],
    ["a list as JSON", `, 'SERVERS=["author", "scene"]'`, ""],
    ["a list of programs with spaces", `, "PROGRAMS=mail sync"`, ""],
    ["ports in a row", "", `ports: [ "3001-3015:3001-3015" ]`],
    ["ports in a row, one by one", "", "expose: [ 3003, 3001, 8080, 3002, 3005, 3004 ]"],
    ["a launcher", "", "command: node dist/launcher.js"],
    ["a script for all", "", "command: [ ./start-all.sh ]"],
    ["a supervisor", "", "command: [ /usr/bin/supervisord, -c, /etc/s.conf ]"],
    ["a flag with a list", "", "command: python host.py --servers=author,scene"],
    ["a flag with a list as a word", "", "command: [ host, --mcp-servers, 'author,scene' ]"],
  ])("by %s is one question", (_, variables, fields) => {
    const client = clientIn(variables, fields);
    expect(client?.processesPerPod).toMatchObject({ known: false });
    expect(client?.pool).toEqual(client?.processesPerPod);
    expect(client?.pool).toMatchObject({
      remedy:
        "give --annotate 'service app:weir.dev/processes-per-pod=N' --annotate 'service app:weir.dev/pool-max=M'",
    });
  });

  it.each([
    [
      "hosts of other servers",
      `, "KAFKA_SERVERS=one.example,two.example", "NTP_SERVERS=a:1,b:1"`,
      "",
    ],
    ["one server", `, "MCP_SERVERS=author"`, ""],
    ["a list of something else", `, "FEATURES=a,b", "ALLOWED_ORIGINS=a,b"`, ""],
    ["a port and its metrics", "", "expose: [ 8080, 8081, 9090 ]"],
    ["a server", "", "command: node server.js --name launch"],
    ["a flag of one", "", "command: run --servers author --port 1"],
  ])("is not seen in %s", (_, variables, fields) => {
    expect(clientIn(variables, fields)).toMatchObject({
      processesPerPod: { value: 1 },
      pool: { value: 20, assuming: [{ what: expect.stringContaining("POOL_MAX") }] },
    });
  });

  it.each([
    ["processes-per-pod: 15", [15, "how many connections each process opens"]],
    ["pool-max: 10", ["how many processes open connections", 10]],
    ["processes-per-pod: 15, weir.dev/pool-max: 10", [15, 10]],
    ["processes-per-pod: 1", [1, 20]],
  ])("that says weir.dev/%s leaves the rest open", (labels, said) => {
    const client = clientIn(`, "SERVERS=a,b"`, `labels: { weir.dev/${labels} }`);
    const counts = [client?.processesPerPod, client?.pool].map((one) =>
      one?.known === false ? one.what.replace(/ in container.*/, "") : one?.value,
    );
    expect(counts).toEqual(said);
  });
});

describe("a variable is assumed to size a pool", () => {
  it("unless its own program is there, or the connection string says it", () => {
    expect(clientIn("")?.pool).toMatchObject({ value: 20, assuming: [{ known: false }] });
    const text = SERVICES.replace('/app"', '/app?connection_limit=7"');
    const [client] = composedOf({ "compose.yaml": `${text} ]` }).system.clients;
    expect(client?.pool).toMatchObject({ value: 7 });
    expect(client?.pool).not.toHaveProperty("assuming");
  });
});
