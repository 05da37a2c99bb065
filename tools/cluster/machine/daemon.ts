import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { type Exit, startProcess } from "../../processes/processes.ts";

const LOG_TAIL_LINES = 20;

/** A program that runs as long as the machine does. */
interface DaemonSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

export interface Daemon {
  /** What is to be told when it has ended; it should not. */
  readonly ended: Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Starts a daemon whose log is NAME.log: it may run for days, so that its log is not kept in memory. */
export async function startDaemon(
  { name, command, args }: DaemonSpec,
  logsDir: string,
): Promise<Daemon> {
  const logPath = join(logsDir, `${name}.log`);
  const script = 'log=$0; exec "$@" >"$log" 2>&1';
  const process = await startProcess({
    command: "sh",
    args: ["-c", script, logPath, command, ...args],
  });
  const ended = process.exited.then(async (exit) =>
    howItEnded(name, exit, await readFile(logPath, "utf8").catch(() => "")),
  );
  const stop = async () => {
    await process.stop("SIGTERM");
  };
  return { ended, stop };
}

/** For whoever has to find out why: how a program ended, with the last lines of its log. */
export function howItEnded(name: string, { code, signal }: Exit, log: string): string {
  const how = `${name} ended with ${signal ?? code}`;
  if (log.trim() === "") return `${how}, and has logged nothing`;
  const tail = log.trim().split("\n").slice(-LOG_TAIL_LINES).join("\n");
  return `${how}. Its log ends with:\n${tail}`;
}
