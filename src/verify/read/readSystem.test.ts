import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { processesOf, type Client } from "../system.ts";
import type { Quantity } from "../quantity.ts";
import { readObjects } from "./readObjects.ts";
import { PRODUCTS } from "../../../test/verify/products.ts";
import { readSystem } from "./readSystem.ts";

function value(figure: Quantity | undefined): number | string | undefined {
  return figure?.known ? figure.value : figure?.what;
}

function shape(client: Client): readonly unknown[] {
  const { name, pool, target } = client;
  const to =
    target.kind === "pooler"
      ? [target.pooler, target.database, target.user]
      : ["past every pooler", target.postgres];
  return [name, value(processesOf(client)), value(pool), ...to];
}

function systemOf(...files: readonly string[]) {
  const sources = files.map((name) => ({ name, text: readFileSync(name, "utf8") }));
  const { objects, problems } = readObjects(sources);
  expect(problems).toEqual([]);
  return readSystem(objects, PRODUCTS);
}

const SERVERS = [
  "author",
  "book-planning",
  "chapter-planning",
  "character-planning",
  "core-continuity",
  "database-admin",
  "reporting",
  "review",
  "scene",
  "series-planning",
];

describe("weir's own manifests", () => {
  const files = readdirSync("manifests").filter((file) => file.endsWith(".yaml"));
  const system = systemOf(...files.map((file) => `manifests/${file}`));

  it("are known in full", () => {
    expect(JSON.stringify(system)).not.toContain('"known":false');
    expect(system.missing).toEqual([]);
    expect(system.notes).toEqual([]);
  });

  it("have ten clients of 2 processes with pools of 5", () => {
    expect(system.clients.map(shape)).toEqual(
      SERVERS.map((name) => [
        `Deployment writing/${name}, container server`,
        2,
        5,
        "StatefulSet writing/writing-pgbouncer",
        name,
        name,
      ]),
    );
  });

  it("have one pooler of 2 equal processes with a line a server", () => {
    expect(system.poolers).toHaveLength(1);
    const [pooler] = system.poolers;
    expect(pooler?.scope).toBe("service");
    expect(value(pooler?.share)).toBe(97);
    expect(pooler?.reserve).toMatchObject({
      consoles: 2,
      maintenance: 4,
      maintenanceSlots: 2,
      logins: 4,
      why: "weir.dev/reserve",
    });
    expect(pooler?.groups).toHaveLength(1);
    const [group] = pooler?.groups ?? [];
    expect([value(group?.processes), value(group?.capacity)]).toEqual([2, 200]);
    expect(
      group?.lines.map((line) => [
        line.name,
        value(line.poolSize),
        value(line.reservePool),
        value(line.maxClients),
        line.user,
        line.postgres,
      ]),
    ).toEqual(
      [...SERVERS, "maintenance"].map((name) => [
        name,
        name === "maintenance" ? 2 : SERVERS.indexOf(name) < 6 ? 5 : 4,
        0,
        name === "maintenance" ? 4 : 10,
        "writing",
        "writing-postgres.writing.svc.cluster.local:5432",
      ]),
    );
  });

  it("say where the limits stand: in the file that all processes include", () => {
    const capacity = system.poolers[0]?.groups[0]?.capacity;
    const places = capacity?.known ? capacity.places : [];
    expect(places.map(({ path, key }) => [path, key])).toEqual([
      [["data", "common.ini"], "max_client_conn"],
    ]);
  });
});

describe("the golden fleets", () => {
  const files = readdirSync("test/golden").filter((file) => file.endsWith(".output.yaml"));

  it.each(files)("%s is known in full", (file) => {
    const system = systemOf(`test/golden/${file}`);
    expect(system.poolers.length).toBeGreaterThan(0);
    expect(JSON.stringify(system)).not.toContain('"known":false');
  });
});

it("finds the Postgres to try weir out with", () => {
  const { postgres, poolers } = systemOf("test/golden/tryout.output.yaml");
  expect(postgres.map(({ address, available }) => [address, value(available)])).toEqual([
    ["postgres.writers.svc.cluster.local:5433", 95],
  ]);
  const upstreams = poolers.flatMap(({ groups }) => groups.flatMap(({ lines }) => lines));
  expect(new Set(upstreams.map((line) => line.postgres))).toEqual(
    new Set(["postgres.writers.svc.cluster.local:5433"]),
  );
});
