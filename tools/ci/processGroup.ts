import { spawn } from "node:child_process";

/** A program with its arguments. */
export type Command = readonly [string, ...string[]];

/** How a command ended. */
export interface Ending {
  /** What it exited with, 127 where it could not be started; null where a signal ended it. */
  readonly code: number | null;
  /** Why it was ended before it was over; undefined where it ended by itself. */
  readonly cutShort: string | undefined;
}

interface ProcessGroupSpec {
  readonly command: Command;
  readonly cwd: string;
  /** Variables on top of this process' environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends it when it is aborted; its reason, a text, says why. */
  readonly until: AbortSignal;
  /** How long it may take to say what it knows after that. */
  readonly killAfterMs: number;
}

/**
 * Runs a command to its end, and what it writes is seen as it comes. It is the leader of a process
 * group of its own, so that who ends it ends all that it has started: with SIGINT, as Ctrl-C does,
 * and what is still there later with SIGKILL. Where this process dies, the kernel interrupts it.
 */
export async function runGroup(spec: ProcessGroupSpec): Promise<Ending> {
  const { command, cwd, env, until, killAfterMs } = spec;
  if (until.aborted) return { code: null, cutShort: String(until.reason) };
  const child = spawn("setpriv", ["--pdeathsig", "INT", ...command], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  let killing: NodeJS.Timeout | undefined;
  const cut = () => {
    signalGroup(child.pid, "SIGINT");
    killing = setTimeout(() => signalGroup(child.pid, "SIGKILL"), killAfterMs);
  };
  until.addEventListener("abort", cut, { once: true });
  const code = await new Promise<number | null>((resolve) => {
    child.once("exit", resolve);
    child.once("error", (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve(127);
    });
  });
  until.removeEventListener("abort", cut);
  clearTimeout(killing);
  if (!until.aborted) return { code, cutShort: undefined };
  // Its leader is gone, and nobody waits for the others: they must not run beside what comes next.
  signalGroup(child.pid, "SIGKILL");
  return { code, cutShort: String(until.reason) };
}

function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, signal);
  } catch {
    // Nothing is left of it.
  }
}
