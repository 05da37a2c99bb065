import type { Command } from "commander";
import { formatPostgresAddress, postgresAddressOf } from "../api/postgresAddress.ts";
import { guardSql } from "../budget/guard.ts";
import { plannedBudgets } from "../budget/planFleet.ts";
import { fleetCommand, planFleetFiles } from "./fleetFiles.ts";
import { EXIT, Failure, type Shell } from "./shell.ts";

/** `weir guard FLEET…`: the SQL that makes Postgres itself keep the sum of each budget. */
export function guardCommand(shell: Shell): Command {
  return fleetCommand(
    "guard",
    "the SQL that makes Postgres keep the sum: role, CONNECTION LIMIT, check interval",
  ).action((files: string[]) => {
    // As `weir plan` and `cdk8s synth` see it: P is given only to a fleet that fits.
    const { fleet, plan } = planFleetFiles(files, {}, shell);
    if (!plan.feasible) {
      const names = plan.budgets.filter((budget) => !budget.feasible).map(({ name }) => name);
      throw new Failure(
        EXIT.cannotFit,
        `weir guard: not feasible: ${names.join(", ")}; weir plan says what would fit`,
      );
    }
    const parts = plannedBudgets(fleet, plan).map(({ budget, plan: { slots } }) => ({
      address: formatPostgresAddress(postgresAddressOf(budget)),
      sql: guardSql(budget, slots.postgres),
    }));
    const addresses = new Set(parts.map(({ address }) => address));
    shell.out(parts.map(({ address, sql }) => `-- Postgres ${address}\n${sql}`).join("\n"));
    if (addresses.size > 1) {
      shell.err(`weir guard: run each part on its own Postgres: ${[...addresses].join(", ")}\n`);
    }
  });
}
