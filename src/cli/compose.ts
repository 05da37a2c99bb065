import { join } from "node:path";
import type { Command } from "commander";
import { plannedBudgets } from "../budget/planFleet.ts";
import { tryoutsOf } from "../render/tryout.ts";
import { keyOf } from "../api/fleet.ts";
import { composeFolder } from "../compose/composeFolder.ts";
import { secretFiles, secretNotes } from "../compose/secretFiles.ts";
import { bytesIn, checkFolder, secretOwner, writeComposeFolder } from "./composeWriter.ts";
import {
  ACTIVE_OPTION,
  fleetCommand,
  planAsDataCommand,
  planFleetFiles,
  tryoutRequested,
} from "./fleetFiles.ts";
import { planReport } from "../report/planReport.ts";
import { newPassword } from "./newPassword.ts";
import { EXIT, Failure, refuse, type Shell } from "./shell.ts";

interface ComposeOptions {
  readonly out: string;
  readonly active?: string;
  readonly tryoutPostgres?: true;
}

/** `weir compose FLEET…`: the same fleet for docker compose, in a folder. */
export function composeCommand(shell: Shell): Command {
  return fleetCommand(
    "compose",
    "the same fleet for docker compose: a folder with PgBouncer, servers and secrets",
  )
    .option("--out <folder>", "where to write it", "compose")
    .option(...ACTIVE_OPTION)
    .option("--tryout-postgres", "with a Postgres to try it out; so does WEIR_TRYOUT_POSTGRES=1")
    .action((files: string[], options: ComposeOptions) => {
      const { fleet, plan } = planFleetFiles(files, options, shell);
      if (!plan.feasible) {
        throw new Failure(
          EXIT.cannotFit,
          planReport(plan, planAsDataCommand(files, options, shell), { ...shell, colour: false }) +
            "weir compose: not feasible: nothing is written",
        );
      }
      const planned = plannedBudgets(fleet, plan);
      // By the option, else as `cdk8s synth` does.
      const isTryout = options.tryoutPostgres === true || tryoutRequested(shell);
      const { tryouts, problems } = isTryout ? tryoutsOf(planned) : { tryouts: [], problems: [] };
      refuse(problems);
      checkFolder(options.out);
      const owner = secretOwner(options.out);
      const folder = composeFolder(planned, tryouts, `${owner.uid}:${owner.gid}`);
      const read = (path: string) => bytesIn(options.out, path);
      const secrets = secretFiles(fleet, read, newPassword);
      refuse([...folder.problems, ...secrets.problems]);

      const written = writeComposeFolder(options.out, folder, secrets.files, owner);
      const inside = new Set(
        tryouts.flatMap(({ budgets }) => budgets.map(({ budget }) => keyOf(budget))),
      );
      for (const path of written.all) shell.out(`${join(options.out, path)}\n`);
      if (written.all.length === 0) shell.err("weir compose: nothing changed\n");
      const missing = folder.secrets.filter((path) => read(path) === undefined);
      const notes = [
        ...plan.warnings,
        ...folder.notes,
        ...missing.map((path) => `${path} is missing: it is yours to make, and containers need it`),
        ...secretNotes(planned, new Set(written.all), new Set(written.replaced), ({ budget }) =>
          inside.has(keyOf(budget)),
        ),
      ];
      for (const note of notes) shell.err(`${note}\n`);
    });
}
