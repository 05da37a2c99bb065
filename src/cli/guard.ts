import { Command } from "commander";
import type { Fleet } from "../api/fleet.ts";
import { formatPostgresAddress, postgresAddressOf } from "../api/postgresAddress.ts";
import { guardSql } from "../budget/guard.ts";
import { planFleet } from "../budget/planFleet.ts";
import { plannedBudgets, type PlannedBudget } from "../budget/planned.ts";
import { activeServers, readFleetFiles } from "./fleetFiles.ts";
import { EXIT, Failure, type Shell } from "./shell.ts";

/** `weir guard FLEET…`: the SQL that makes Postgres itself keep the sum of each budget. */
export function guardCommand(shell: Shell): Command {
  return new Command("guard")
    .description("the SQL that makes Postgres keep the sum: role, CONNECTION LIMIT, check interval")
    .argument("[fleet...]", "fleet files; - is standard input; without any: WEIR_FLEET")
    .action((files: string[]) => {
      // As `weir plan` and `cdk8s synth` see it: P is given only to a fleet that fits.
      const fleet = activeServers(readFleetFiles(files, shell), {}, shell);
      const parts = feasible(fleet).map(({ budget, plan }) => ({
        address: formatPostgresAddress(postgresAddressOf(budget)),
        sql: guardSql(budget, plan.slots.postgres),
      }));
      const addresses = new Set(parts.map(({ address }) => address));
      shell.out(parts.map(({ address, sql }) => `-- Postgres ${address}\n${sql}`).join("\n"));
      if (addresses.size > 1) {
        shell.err(`weir guard: run each part on its own Postgres: ${[...addresses].join(", ")}\n`);
      }
    });
}

function feasible(fleet: Fleet): readonly PlannedBudget[] {
  const plan = planFleet(fleet);
  if (!plan.feasible) {
    const names = plan.budgets.filter((budget) => !budget.feasible).map(({ name }) => name);
    throw new Failure(
      EXIT.cannotFit,
      `weir guard: not feasible: ${names.join(", ")}; weir plan says what would fit`,
    );
  }
  return plannedBudgets(fleet, plan);
}
