import { Command } from "commander";
import { keyOf, type Fleet } from "../api/fleet.ts";
import { formatPostgresAddress, postgresAddressOf } from "../api/postgresAddress.ts";
import { guardSql } from "../budget/guard.ts";
import { planFleet } from "../budget/planFleet.ts";
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
      const parts = guardsOf(fleet);
      const addresses = new Set(parts.map(({ address }) => address));
      shell.out(parts.map(({ address, sql }) => `-- Postgres ${address}\n${sql}`).join("\n"));
      if (addresses.size > 1) {
        shell.err(`weir guard: run each part on its own Postgres: ${[...addresses].join(", ")}\n`);
      }
    });
}

interface Guard {
  readonly address: string;
  readonly sql: string;
}

function guardsOf(fleet: Fleet): readonly Guard[] {
  const plan = planFleet(fleet);
  if (!plan.feasible) {
    const names = plan.budgets.filter(({ feasible }) => !feasible).map(({ name }) => name);
    throw new Failure(
      EXIT.cannotFit,
      `weir guard: not feasible: ${names.join(", ")}; weir plan says what would fit`,
    );
  }
  const budgets = new Map(fleet.budgets.map((budget) => [keyOf(budget), budget]));
  return plan.budgets.flatMap(({ namespace, name, slots }) => {
    const budget = budgets.get(`${namespace}/${name}`);
    if (budget === undefined) return [];
    const address = formatPostgresAddress(postgresAddressOf(budget));
    return [{ address, sql: guardSql(budget, slots.postgres) }];
  });
}
