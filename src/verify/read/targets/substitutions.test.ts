import { describe, expect, it } from "vitest";
import {
  APP_INI,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";
import { PRODUCTS } from "../../../../test/verify/products.ts";
import { Template } from "../../template.ts";
import { Stores } from "./stores.ts";
import { substituted } from "./substitutions.ts";

describe("what is put into a variable before it is applied", () => {
  it.each([
    ["DB_HOST", "${X}", "${X}", false],
    ["DB_HOST", "pg-${X:=pooler}.db.svc", "pg-${X:-pooler}.db.svc", false],
    ["DB_HOST", "${X:-a}-${Y-b}", "${X:-a}-${Y:-b}", false],
    ["POOL_SIZE", "${N:=5}", "${N:-5}", false],
    ["UPSTREAM", "${X:=pooler}:6432", "pooler:6432", true],
    ["UPSTREAM", "${X}", "${X}", false],
    ["DB_HOST", "pooler", "pooler", true],
    ["DB_HOST", "${", "${", true],
    ["DB_HOST", "${a b}", "${a b}", true],
  ])("%s: %s", (name, text, rendered, isKnown) => {
    const value = substituted(name, Template.of(text), new Stores(PRODUCTS.knowledge));
    expect([value.render(), value.known !== undefined]).toEqual([rendered, isKnown]);
  });

  it.each([
    ["a host", { DB_HOST: "pg-${APP}-${FROM:=pgbouncer}.${NS}.svc.cluster.local", DB_POOL: "2" }],
    ["a number", { DATABASE_URL: "postgres://a@pooler:6432/app", DB_POOL_MAX: "${N:=2}" }],
  ])("is missing: %s", (_, variables) => {
    const { missing, clients, postgres } = systemIn(
      poolerText(APP_INI) + deploymentText(variables),
    );
    const pools = clients.flatMap(({ pool }) => (pool.known ? [] : [pool]));
    expect([...missing, ...pools]).toHaveLength(1);
    expect(postgres).toEqual([]);
  });
});
