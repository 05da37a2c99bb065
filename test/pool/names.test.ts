import { expect, it } from "vitest";

import { environment } from "../../src/render/environment.ts";
import * as pool from "../../pool/names.ts";
import { readNumbers } from "../../pool/settings.ts";
import { POOL_LIMIT_FILE, POOL_PORT } from "../../src/api/names.ts";
import { planFleet } from "../../src/budget/planFleet.ts";
import { exampleFleet, withPools } from "../system/exampleFleet.ts";

it("the pool's names are those of weir", () => {
  expect(pool.POOL_LIMIT_FILE).toBe(POOL_LIMIT_FILE);
  expect(pool.POOL_PORT).toBe(POOL_PORT);
});

it("the pool reads from the environment what the charts write there", () => {
  const example = exampleFleet({ host: "127.0.0.1", port: 5432 });
  const fleet = withPools(example, {
    guaranteed: 2,
    max: 7,
    minIdle: 1,
    idleTimeoutMs: 1234,
    connectionTimeoutMs: 567,
  });
  const [server] = fleet.servers;
  const [budget] = fleet.budgets;
  const plan = planFleet(fleet).budgets[0]?.servers.find(
    ({ name }) => name === server?.metadata.name,
  );
  if (server === undefined || budget === undefined || plan === undefined) throw new Error("none");
  const variables = environment(server, budget, plan).map(({ name, value }) => [name, value]);
  expect(readNumbers({}, Object.fromEntries(variables))).toMatchObject({
    max: plan.limit,
    minIdle: 1,
    idleTimeoutMs: 1234,
    connectionTimeoutMs: 567,
    port: POOL_PORT,
  });
});
