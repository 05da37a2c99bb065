import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { weir } from "../../test/fleets/fakeShell.ts";
import { budgetOf } from "../../test/fleets/fleetOf.ts";
import { guardSql } from "../budget/guard.ts";

const EXAMPLE = readFileSync(
  new URL("../../examples/writing-servers/fleet.yaml", import.meta.url),
  "utf8",
);

function budget(name: string, postgres: string, maxClientConn = 100): string {
  return `---
apiVersion: weir.dev/v1alpha1
kind: ConnectionBudget
metadata: { name: ${name}, namespace: other }
spec:
  postgres: { host: pg, database: ${name}, credentialsSecretRef: { name: ${name}-pg }, ${postgres} }
  pgbouncer: { maxClientConn: ${maxClientConn} }
`;
}

const TWO = budget("b", "shareConnections: 20") + budget("a", "shareConnections: 40");

const FILES = { "fleet.yaml": EXAMPLE, "two.yaml": TWO };

test("it prints the SQL with P of the plan, under the Postgres that it is for", async () => {
  expect(await weir(["guard", "fleet.yaml"], { files: FILES })).toEqual({
    exitCode: 0,
    out: `-- Postgres writing-postgres.writing.svc.cluster.local:5432\n${guardSql(
      budgetOf({ postgres: { host: "writing-postgres" } }),
      97,
    )}`,
    err: "",
  });
});

test("each budget gets a part of its own, with its share", async () => {
  const { exitCode, out, err } = await weir(["guard", "two.yaml"], { files: FILES });

  expect([exitCode, err]).toEqual([0, ""]);
  expect(out.match(/^-- Postgres .*|^ALTER ROLE .* LIMIT .*$/gm)).toEqual([
    "-- Postgres pg.other.svc.cluster.local:5432",
    'ALTER ROLE "a" CONNECTION LIMIT 40;',
    "-- Postgres pg.other.svc.cluster.local:5432",
    'ALTER ROLE "b" CONNECTION LIMIT 20;',
  ]);
});

test("parts for several Postgres are not to be run on one: it says so", async () => {
  const { exitCode, out, err } = await weir(["guard", "fleet.yaml", "two.yaml"], { files: FILES });

  expect(exitCode).toBe(0);
  expect(out.match(/^BEGIN;$/gm)).toHaveLength(3);
  expect(err).toBe(
    "weir guard: run each part on its own Postgres: pg.other.svc.cluster.local:5432, writing-postgres.writing.svc.cluster.local:5432\n",
  );
});

test("it reads standard input, or the file of WEIR_FLEET", async () => {
  const piped = await weir(["guard", "-"], { files: { "-": EXAMPLE } });
  const named = await weir(["guard"], { files: FILES, env: { WEIR_FLEET: "fleet.yaml" } });

  expect(piped.out).toContain("CONNECTION LIMIT 97;");
  expect(named).toEqual(piped);
});

const INCIDENT = EXAMPLE.replaceAll(
  /^ {2}port: (\d+)$/gm,
  "  port: $1\n  pool: { guaranteed: 20, max: 20 }",
);

test.each([
  ["servers that cannot fit", INCIDENT, "writing"],
  ["shares that Postgres has not", `${TWO}${budget("c", "shareConnections: 90")}`, "a, b, c"],
])("for %s there is no SQL, and weir plan tells more", async (_, text, names) => {
  expect(await weir(["guard", "x.yaml"], { files: { "x.yaml": text } })).toEqual({
    exitCode: 3,
    out: "",
    err: `weir guard: not feasible: ${names}; weir plan says what would fit\n`,
  });
});

test("a fleet of which only a part is awake is judged by that part", async () => {
  const world = { files: { "x.yaml": INCIDENT } };
  const awake = await weir(["guard", "x.yaml"], { ...world, env: { WEIR_ACTIVE: "scene" } });
  const misspelt = await weir(["guard", "x.yaml"], { ...world, env: { WEIR_ACTIVE: "scenes" } });

  expect(awake).toMatchObject({ exitCode: 0, err: "" });
  expect(misspelt).toMatchObject({ exitCode: 2, out: "" });
});

test("a fleet that can't be read gives no SQL", async () => {
  expect(await weir(["guard", "absent.yaml"], { files: FILES })).toEqual({
    exitCode: 2,
    out: "",
    err: "absent.yaml: there is no such file\n",
  });
});
