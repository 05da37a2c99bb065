import { composedOf } from "../../../test/verify/composeFiles.ts";
import { describe, expect, it } from "vitest";
import { clientShape, poolerShape } from "../../../test/verify/systemText.ts";
import type { System } from "../system.ts";

const INI = `[databases]
app = host=db.shop user=app pool_size=5
[pgbouncer]
listen_port = 7000
max_client_conn = 50`;

const POOLER = `
  one: &one
    image: example/pgbouncer
    networks: { back: { aliases: [ pool.shop ] } }
    volumes: [ "./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini:ro" ]
  db: { image: postgres:17, hostname: db.shop, command: postgres -c max_connections=40 }`;

function systemIn(services: string): System {
  return composedOf({ "compose.yaml": `services:${services}`, "pgbouncer.ini": INI }).system;
}

function app(environment: string, more = ""): string {
  return `${POOLER}
  app: { image: app, environment: { DB_POOL_MAX: 3, ${environment} }${more} }`;
}

describe("a compose file as a system", () => {
  it("has poolers with their lines, and the Postgres behind under all its names", () => {
    const { poolers, postgres, missing } = systemIn(POOLER);
    expect(poolers.map(poolerShape)).toEqual([
      {
        name: "service one",
        scope: "service",
        groups: [
          { processes: 1, capacity: 50, lines: [["app", "db:5432", 5, 0, { user: "app" }]] },
        ],
      },
    ]);
    expect(postgres).toMatchObject([
      { address: "db:5432", aliases: ["db.shop:5432"], available: { value: 37 } },
    ]);
    expect(missing).toEqual([]);
  });

  it.each([
    ["by the service's name", `DATABASE_URL: "postgres://me@one:7000/app"`],
    ["by an alias with a dot", `DATABASE_URL: "postgres://me@pool.shop:7000/app"`],
    ["in parts", "PGHOST: pool.shop, PGPORT: 7000, PGUSER: me, PGDATABASE: app"],
  ])("has clients that name a pooler %s", (_, environment) => {
    expect(systemIn(app(environment)).clients.map(clientShape)).toEqual([
      ["service app, container app", 1, 3, "service one", "app", "me"],
    ]);
  });

  it("takes no $(NAME) for a variable, as Kubernetes would", () => {
    const [client] = systemIn(
      app(`NAME: other, DATABASE_URL: "postgres://$(NAME)@one:7000/app"`),
    ).clients;
    expect(client?.target).toMatchObject({ user: "$(NAME)" });
  });

  it("has a client past every pooler, and none of a service that is neither", () => {
    const direct = systemIn(app(`DATABASE_URL: "postgres://me@db.shop/app"`));
    expect(direct.clients.map(clientShape)).toEqual([
      ["service app, container app", 1, 3, "db:5432"],
    ]);
    expect(systemIn(app(`DATABASE_URL: "postgres://me@app:5432/app"`)).clients).toEqual([]);
  });

  it("has a client of each of two poolers of one name", () => {
    const { clients } = systemIn(`${app(`DATABASE_URL: "postgres://me@pool.shop:7000/app"`)}
  two: *one`);
    expect(clients.map((client) => clientShape(client)[3])).toEqual(["service one", "service two"]);
  });

  it("counts replicas and labels that annotate", () => {
    const url = `DATABASE_URL: "postgres://me@one:7000/app"`;
    const [client] = systemIn(
      app(url, `, scale: 4, labels: { weir.dev/processes-per-pod: 2, weir.dev/pool-max: 6 }`),
    ).clients;
    expect(client).toMatchObject({
      workload: "service app",
      pods: { value: 4 },
      processesPerPod: { value: 2 },
      pool: { value: 6 },
    });
  });
});
