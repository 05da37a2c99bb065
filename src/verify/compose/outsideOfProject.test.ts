import { describe, expect, it } from "vitest";
import { composedOf } from "../../../test/verify/composeFiles.ts";
import { clientShape } from "../../../test/verify/systemText.ts";

const INI = `[databases]
app = host=db user=app pool_size=5
[pgbouncer]
listen_port = 6432
max_client_conn = 50`;

function systemWith(pooler: string, more = "", db = "") {
  const compose = `services:
  pooler:
    image: example/pgbouncer
    volumes: [ "./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini:ro" ]
    ${pooler}
  db: { image: postgres:17, command: postgres -c max_connections=40${db} }
${more}`;
  return composedOf({ "compose.yaml": compose, "pgbouncer.ini": INI }).system;
}

describe("clients outside of the project", () => {
  it.each([
    ["a published port", `ports: [ "6432:6432" ]`, "its port 6432 is published"],
    ["a port without one of the machine", `ports: [ "6432" ]`, "its port 6432 is published"],
    ["a number", "ports: [ 6432 ]", "its port 6432 is published"],
    ["the machine alone", `ports: [ "127.0.0.1:5432:6432/tcp" ]`, "its port 6432 is published"],
    ["the long form", "ports: [ { target: 6432, published: 6432 } ]", "its port 6432 is published"],
    ["a range", `ports: [ "6430-6439:6430-6439" ]`, "its port 6432 is published"],
    ["an unknown port", `ports: [ "6432:$PORT" ]`, "a port of it is published"],
    ["the machine's network", "network_mode: host", "it is on the network of the machine"],
  ])("are assumed to be none: %s", (_, field, why) => {
    const { missing, clients } = systemWith(field);
    const what = `how many connections clients outside of the project open on service pooler: ${why}`;
    const answer = {
      object: "service pooler",
      annotation: "weir.dev/outside-clients",
      value: "N",
    };
    expect(missing).toMatchObject([{ what, assumed: 0, answer }]);
    expect(clients).toEqual([]);
  });

  const SHARED = "it is on a network that other projects may share";

  it.each([
    ["by its name", "networks: [ ours, theirs ]", "theirs: { external: true }"],
    ["with a name of its own", "networks: { theirs: }", "theirs: { external: { name: db } }"],
    ["the default one", "", "default: { external: true, name: db }"],
  ])("are assumed to be none on a network of other projects: %s", (_, field, network) => {
    const { missing } = systemWith(field, `networks: { ours: , ${network} }`);
    expect(missing[0]).toMatchObject({ what: expect.stringContaining(SHARED), assumed: 0 });
  });

  it.each([
    ["another service's", "networks: [ ours ]", "theirs: { external: true }"],
    ["the project's own", "networks: [ theirs ]", "theirs: { external: false }"],
    ["the project's, by its own name", "networks: [ theirs ]", "theirs: { name: db }"],
  ])("are none on a network: %s", (_, field, network) => {
    expect(systemWith(field, `networks: { ours: , ${network} }`).missing).toEqual([]);
  });

  it("are assumed of a pooler on the network of a service that publishes its port", () => {
    const net = `  net: { image: example/net, ports: [ "6432:6432" ] }`;
    expect(systemWith("network_mode: service:net", net).missing).toMatchObject([{ assumed: 0 }]);
  });

  it.each([
    ["no port", ""],
    ["a port of the project", `expose: [ "6432" ]`],
    ["another port", `ports: [ "9127:9127" ]`],
    ["a label", `ports: [ "6432:6432" ]\n    labels: { weir.dev/outside-clients: 0 }`],
  ])("are none: %s", (_, field) => {
    const { missing, clients } = systemWith(field);
    expect({ missing, clients }).toEqual({ missing: [], clients: [] });
  });

  it("are a client where a label says how many they are", () => {
    const label = `ports: [ "6432:6432" ]\n    labels: [ weir.dev/outside-clients=12 ]`;
    const { missing, clients } = systemWith(label);
    expect(missing).toEqual([]);
    const name = "clients outside of the project, of service pooler";
    expect(clients.map(clientShape)).toEqual([
      [name, 1, 12, "service pooler", `the login of ${name}`, `the login of ${name}`],
    ]);
  });

  const OTHER = `  other: { image: postgres:17, ports: [ "5433:5432" ] }`;

  it.each([
    ["a published port", `, ports: [ "5432:5432" ]`, "its port 5432 is published"],
    [
      "an address of the machine",
      `, ports: [ "10.0.0.1:5432:5432" ]`,
      "its port 5432 is published",
    ],
    [
      "the long form",
      ", ports: [ { target: 5432, published: 5433 } ]",
      "its port 5432 is published",
    ],
    ["the machine's network", ", network_mode: host", "it is on the network of the machine"],
  ])("of a Postgres behind a pooler are assumed to be none: %s", (_, field, why) => {
    const text = field.includes("network_mode") ? `extra_hosts: [ "db:host-gateway" ]` : "";
    const { missing, clients } = systemWith(text, OTHER, field);
    const what = `how many connections clients outside of the project open on service db, past every PgBouncer: ${why}`;
    const answer = { object: "service db", annotation: "weir.dev/outside-clients", value: "N" };
    expect(missing).toMatchObject([{ what, assumed: 0, answer }]);
    expect(clients).toEqual([]);
  });

  it.each([
    ["the machine alone", `, ports: [ "127.0.0.1:5432:5432" ]`],
    ["the machine alone, by a name", `, ports: [ "localhost:5432:5432" ]`],
    ["the machine alone, in the long form", `, ports: [ { target: 5432, host_ip: 127.0.0.1 } ]`],
    ["another port", `, ports: [ "9187:9187" ]`],
    ["a label", `, ports: [ "5432:5432" ], labels: { weir.dev/outside-clients: 0 }`],
  ])("of a Postgres are none: %s", (_, field) => {
    const { missing, clients } = systemWith("", OTHER, field);
    expect({ missing, clients }).toEqual({ missing: [], clients: [] });
  });

  it("of a Postgres are a client past the pooler where a label says how many they are", () => {
    const label = `, ports: [ "5432:5432" ], labels: [ weir.dev/outside-clients=12 ]`;
    const { missing, clients } = systemWith("", OTHER, label);
    expect(missing).toEqual([]);
    const name = "clients outside of the project, of service db";
    expect(clients.map(clientShape)).toEqual([[name, 1, 12, "db:5432"]]);
  });
});
