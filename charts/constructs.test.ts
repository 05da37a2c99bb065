import { App, Chart } from "cdk8s";
import { expect, it } from "vitest";
import { FleetConstruct, type ConnectionBudgetObject, type McpServerObject } from "./constructs.ts";

const BUDGET: ConnectionBudgetObject = {
  apiVersion: "weir.dev/v1alpha1",
  kind: "ConnectionBudget",
  metadata: { name: "w", namespace: "n" },
  spec: {
    postgres: { host: "pg", database: "d", credentialsSecretRef: { name: "s" } },
    pgbouncer: { maxClientConn: 50 },
  },
};

function server(port: number): McpServerObject {
  return {
    apiVersion: "weir.dev/v1alpha1",
    kind: "McpServer",
    metadata: { name: "a", namespace: "n" },
    spec: { budgetRef: { name: "w" }, image: "i", port },
  };
}

/** What a Fleet of these objects says. */
function said(objects: readonly (ConnectionBudgetObject | McpServerObject)[]): string {
  try {
    void new FleetConstruct(new Chart(new App(), "x"), "fleet", { objects });
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

it("names what is wrong by its object, which has no lines", () => {
  expect(said([BUDGET, server(0)])).toBe(
    "objects[1]: McpServer/a: spec.port: found 0; must be a whole number from 1 to 65535",
  );
  expect(said([BUDGET, server(1), server(2)])).toBe(
    'objects[2]: McpServer/a: metadata.name: found "a"; must be the only McpServer of this name in namespace n (see objects[1])',
  );
});
