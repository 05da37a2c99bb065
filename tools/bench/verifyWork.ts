import { parseAllDocuments } from "yaml";
import { manifestFiles } from "../../charts/manifestFiles.ts";
import { plannedBudgets, planFleet } from "../../src/budget/planFleet.ts";
import { readFleet } from "../../src/fleet/readFleet.ts";
import { main, processShell } from "../../src/cli/main.ts";
import type { ExitCode } from "../../src/cli/shell.ts";
import { fleetText } from "./fleetText.ts";
import { median } from "./measure.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

/** The manifests of so many servers in one budget, as one text. */
export function manifestsText(servers: number): string {
  const read = readFleet([{ name: "fleet.yaml", text: fleetText(servers, servers) }]);
  if (!read.ok) throw new Error(JSON.stringify(read.problems[0]));
  const planned = plannedBudgets(read.fleet, planFleet(read.fleet));
  return [...manifestFiles(planned, [])].map(({ text }) => text).join("");
}

/** CPU of `weir verify` and of only parsing the same text, both of one round, in milliseconds. */
export interface VerifyRound {
  readonly verifyMs: number;
  readonly parseMs: number;
}

/**
 * `weir verify` within this process, command line, table and all, beside the yaml library's
 * parseAllDocuments and toJS of the same text; in turn, after a round that is not counted. CPU, not
 * time: another's load doesn't count.
 *
 * @throws Error when the manifests are not proved to fit
 */
export async function raceVerify(text: string, rounds: number): Promise<readonly VerifyRound[]> {
  const done: VerifyRound[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const parseMs = await cpuMs(() => {
      for (const document of parseAllDocuments(text)) document.toJS();
    });
    const verifyMs = await cpuMs(async () => {
      const { exitCode, out } = await verify(text);
      if (exitCode !== 0) throw new Error(`verify ended with ${exitCode}\n${out.slice(0, 1000)}`);
    });
    if (round > 0) done.push({ verifyMs, parseMs });
  }
  return done;
}

const { table } = processShell();

/** `weir verify -` with a text on standard input. */
async function verify(text: string): Promise<{ exitCode: ExitCode; out: string }> {
  const out: string[] = [];
  const exitCode = await main(["verify", "-"], {
    out: (part) => void out.push(part),
    err: () => {},
    read: () => text,
    list: () => undefined,
    table,
    env: {},
    runtime: systemRuntime,
    colour: false,
    columns: 100,
  });
  return { exitCode, out: out.join("") };
}

/** The median of the ratios round by round. */
export function verifyRatio(rounds: readonly VerifyRound[]): number {
  return median(rounds.map(({ verifyMs, parseMs }) => verifyMs / parseMs));
}

async function cpuMs(work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
