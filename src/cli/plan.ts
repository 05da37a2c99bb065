import type { Command } from "commander";
import { stringify } from "yaml";
import type { Plan } from "../budget/plan.ts";
import { planFleet } from "../budget/planFleet.ts";
import type { Planned } from "../budget/transition/fleetState.ts";
import { transition } from "../budget/transition/transition.ts";
import { activeNamesIn } from "../fleet/activeFleet.ts";
import { stepsReport, unmanagedObjects } from "../report/stepsReport.ts";
import {
  ACTIVE_OPTION,
  fleetCommand,
  planAsDataCommand,
  planFleetFiles,
  readFleetFiles,
  tryoutRequested,
} from "./fleetFiles.ts";
import { planReport } from "../report/planReport.ts";
import { EXIT, Failure, json, outputOption, readInputOnce, type Shell } from "./shell.ts";

interface PlanOptions {
  readonly active?: string;
  readonly from?: string;
  readonly output: "table" | "json" | "yaml";
}

/** `weir plan FLEET…`: the sums and each server's numbers, or the steps from another fleet. */
export function planCommand(shell: Shell): Command {
  return fleetCommand("plan", "the sums, and each server's numbers with their reasons")
    .option(...ACTIVE_OPTION)
    .option("--from <file>", "the fleet that runs now: print the applies, in safe order")
    .addOption(outputOption("table", "json", "yaml"))
    .action((files: string[], options: PlanOptions) => {
      readInputOnce([...files, options.from]);
      const { fleet, plan } = planFleetFiles(files, options, shell);
      if (options.from === undefined || !plan.feasible) {
        shell.out(
          printed(
            plan,
            () => planReport(plan, planAsDataCommand(files, options, shell), shell),
            options,
          ),
        );
        if (!plan.feasible) throw new Failure(EXIT.cannotFit, `weir plan: ${refusal(plan)}`);
        return;
      }
      const old = oldFleet(options.from, shell);
      const steps = transition(old, { fleet, plan });
      const names = {
        old: options.from,
        next: nameOf(files, shell),
        active: options.active ?? activeNamesIn(shell.env),
        tryout: tryoutRequested(shell),
      };
      const unmanaged = unmanagedObjects([old.fleet, fleet]);
      const list = (): string => stepsReport(steps, { names, old: old.fleet, unmanaged }, shell);
      shell.out(printed({ ...plan, steps }, list, options));
    });
}

function printed(data: unknown, table: () => string, { output }: PlanOptions): string {
  if (output === "table") return table();
  if (output === "json") return json(data);
  // Without aliases and folding: for machines, and for comparing line by line.
  return stringify(data, { aliasDuplicateObjects: false, lineWidth: 0 });
}

function oldFleet(path: string, shell: Shell): Planned {
  const fleet = readFleetFiles([path], shell);
  const plan = planFleet(fleet);
  if (!plan.feasible) {
    throw new Failure(
      EXIT.cannotFit,
      `${path}: ${refusal(plan)}; no manifests were generated from it, so it is not what runs`,
    );
  }
  return { fleet, plan };
}

/** How commands name the new fleet: one file, as `cdk8s synth` takes it. */
function nameOf(files: readonly string[], { env }: Shell): string {
  const [file = env["WEIR_FLEET"] ?? "", ...others] = files;
  return others.length > 0 || file === "-" ? "NEW.yaml" : file;
}

function refusal(plan: Plan): string {
  const names = plan.budgets
    .filter(({ feasible }) => !feasible)
    .map(({ namespace, name }) => `${namespace}/${name}`);
  return `not feasible: ${names.join(", ")}`;
}
