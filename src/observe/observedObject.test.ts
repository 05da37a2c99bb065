import { expect, test } from "vitest";
import { budgetsSharingPostgres, toCachedBudget } from "./observedObject.ts";

function kept(name: string, postgres: object, pgbouncer: object = { maxClientConn: 200 }) {
  return toCachedBudget({
    apiVersion: "weir.dev/v1alpha1",
    kind: "ConnectionBudget",
    metadata: { name, namespace: "writing", uid: `uid-${name}` },
    spec: {
      postgres: { database: "app", credentialsSecretRef: { name: "app" }, ...postgres },
      pgbouncer,
    },
  });
}

function names(budgets: readonly { readonly metadata: { readonly name: string } }[]) {
  return budgets.map(({ metadata }) => metadata.name);
}

/** Written for a weir that is newer than this one. */
const UNREAD = { maxClientConn: "many" };

test("a budget of the same Postgres that can't be read is reported, wherever else it may be", () => {
  const own = kept("own", { host: "pg" });
  const { neighbours, unreadNeighbours } = budgetsSharingPostgres(own, [
    own,
    kept("read", { host: "pg" }),
    kept("same", { host: "pg.writing.svc", port: 5432 }, UNREAD),
    kept("elsewhere", { host: "another" }, UNREAD),
    kept("port", { host: "pg", port: 5433 }, UNREAD),
  ]);
  expect(names(neighbours)).toEqual(["read"]);
  expect(unreadNeighbours).toEqual([
    expect.stringMatching(
      /^ConnectionBudget\/same of namespace writing shares Postgres pg\.writing\.svc\.cluster\.local:5432: spec\.pgbouncer\.maxClientConn: /,
    ),
  ]);
});
