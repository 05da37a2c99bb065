import { describe, expect, it } from "vitest";
import { UNREACHABLE, withLine, withPgBouncerState } from "../../test/operator/snapshotOf.ts";
import { clientsOf, twoServers, withClients } from "../../test/operator/twoServers.ts";
import { judge } from "./judge.ts";

describe("figures", () => {
  it("are what is open now, beside what is planned", () => {
    const { metrics } = judge(
      withPgBouncerState(
        withClients(twoServers(), [clientsOf("10.0.0.2", 3)], 0),
        withLine("scene", { openServers: 2 }),
        0,
      ),
    );
    const pgbouncer = "writing-pgbouncer-0";
    for (const figure of [
      { name: "weir_clients_capacity", labels: {}, value: 200 },
      { name: "weir_clients_planned", labels: { part: "granted" }, value: 20 },
      { name: "weir_server_grant", labels: { server: "scene" }, value: 10 },
      { name: "weir_server_clients_open", labels: { server: "scene", pgbouncer }, value: 3 },
      { name: "weir_backend_connections_open", labels: { pgbouncer, line: "scene" }, value: 2 },
      { name: "weir_server_pods", labels: { server: "scene" }, value: 1 },
      { name: "weir_postgres_role_limit", labels: {}, value: 97 },
      { name: "weir_condition", labels: { object: "McpServer/scene", type: "Ready" }, value: 1 },
    ]) {
      expect(metrics).toContainEqual(figure);
    }
  });

  it("are absent of what could not be asked", () => {
    const { metrics } = judge({ ...twoServers(), pgbouncers: UNREACHABLE, postgres: UNREACHABLE });
    const names = new Set(metrics.map(({ name }) => name));
    expect(names).not.toContain("weir_clients_open");
    expect(names).not.toContain("weir_postgres_backends");
    expect(metrics).toContainEqual({
      name: "weir_condition",
      labels: { object: "ConnectionBudget/writing", type: "WithinBudget" },
      value: -1,
    });
  });

  it("have each sample once", () => {
    const keys = judge(twoServers()).metrics.map(({ name, labels }) =>
      JSON.stringify([name, labels]),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });
});
