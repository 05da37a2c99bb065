import { describe, expect, it } from "vitest";
import {
  directOf,
  groupOf,
  known,
  poolerOf,
  postgresOf,
  summary,
  systemOf,
} from "../../../test/verify/systemOf.ts";
import { prove } from "./prove.ts";

describe("what poolers may use of a Postgres", () => {
  it("holds a pooler against its share, where nobody knows the Postgres", () => {
    const share = { known: true, value: 9, why: "by hand", places: [] } as const;
    const poolers = [poolerOf("pooler", [groupOf({ processes: 2 })], { share })];
    expect(summary(systemOf({ poolers }))).toEqual([
      "broken",
      "clients pooler: 10 of 100",
      "slots pooler, its share of Postgres: 10 of 9",
      "weir/slots-over-share",
    ]);
  });

  it.each([
    ["what its pooler says", [13], "13 of 13"],
    ["the least that poolers say", [20, 18], "18 of 18"],
  ])("holds direct clients of a Postgres that is no object against %s", (_, said, sum) => {
    const poolers = said.map((value, index) =>
      poolerOf(`p${index}`, [groupOf()], { available: known(value) }),
    );
    const clients = [directOf("migrate", 1, 8)];
    expect(summary(systemOf({ poolers, clients }))).toContain(`slots Postgres pg:5432: ${sum}`);
  });

  it("asks what such a Postgres admits where a share does not bound its direct clients", () => {
    const poolers = [poolerOf("pooler", [groupOf()], { share: known(9) })];
    const { missing: asked } = prove(systemOf({ poolers, clients: [directOf("migrate", 1, 8)] }));
    const annotation = "weir.dev/available-connections";
    expect(asked).toMatchObject([
      { answer: { object: "Deployment shop/pooler", annotation, value: "N" } },
    ]);
  });

  it("holds the shares of several poolers against the Postgres that is known", () => {
    const share = { known: true, value: 60, why: "by hand", places: [] } as const;
    const poolers = ["one", "two"].map((name) => poolerOf(name, [groupOf()], { share }));
    expect(summary(systemOf({ poolers, postgres: [postgresOf(97)] }))).toEqual([
      "broken",
      "clients one: 10 of 100",
      "clients two: 10 of 100",
      "slots one, its share of Postgres: 5 of 60",
      "slots two, its share of Postgres: 5 of 60",
      "slots Postgres pg:5432: 10 of 97",
      "slots Postgres pg:5432, shares: 120 of 97",
      "weir/shares-over-postgres",
    ]);
  });
});
