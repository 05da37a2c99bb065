import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

import type { UnixUser } from "./owner.ts";

/** What to start, and as whom. */
export interface ProcessSpec {
  /** A program: a path, or a name looked up on PATH. */
  readonly command: string;
  readonly args: readonly string[];
  /** Who runs it; this process' own user when absent. */
  readonly owner?: UnixUser;
  /** Variables on top of this process' environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Soft and hard limit of open files; inherited when absent. Only root can raise it. */
  readonly maxOpenFiles?: number;
  /** What the kernel sends when this process dies, however it dies; SIGKILL when absent. */
  readonly deathSignal?: "SIGQUIT";
}

/** How a process ended: an exit code, or the signal that killed it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that ends with the process which started it. */
export interface RunningProcess {
  readonly pid: number;
  /** Settles when the process has ended; never rejects. */
  readonly exited: Promise<Exit>;
  /** Like `exited`, but only after the last output: also that of processes it has started. */
  readonly closed: Promise<Exit>;
  /** Everything written to stdout and stderr so far. */
  readonly log: () => string;
  /** Resolves when the log matches; rejects, with the log, when the process ends first. */
  readonly untilLogged: (pattern: RegExp) => Promise<void>;
  /** Sends a signal; does nothing when the process has ended. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Sends a signal, lets a paused process go on so that it can obey, and waits for the end. */
  readonly stop: (signal: NodeJS.Signals) => Promise<Exit>;
}

/**
 * Starts a process that cannot outlive this one: the kernel ends it when this process dies, also
 * by SIGKILL. Limits and user are set by programs that exec the next one, so `pid` is the program
 * itself and signals reach it. Its stdin is a pipe that closes when this process dies.
 *
 * @throws when setpriv or prlimit (both in util-linux) are missing
 */
export async function startProcess(spec: ProcessSpec): Promise<RunningProcess> {
  const { child, pid, exited, closed, log } = await launch(spec);

  const signal = (name: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(name);
  };
  const untilLogged = async (pattern: RegExp) => {
    const said = new Promise<"said">((resolve) => {
      const check = () => {
        if (!pattern.test(log())) return;
        child.stdout.off("data", check);
        child.stderr.off("data", check);
        resolve("said");
      };
      child.stdout.on("data", check);
      child.stderr.on("data", check);
      check();
    });
    const first = await Promise.race([said, closed]);
    if (first === "said") return;
    const how = first.signal ?? first.code;
    throw new Error(`${spec.command} ended (${how}) before ${pattern}:\n${log()}`);
  };
  const stop = (name: NodeJS.Signals) => {
    signal(name);
    signal("SIGCONT");
    return exited;
  };
  return { pid, exited, closed, log, untilLogged, signal, stop };
}

/**
 * Runs a program to its end.
 *
 * @returns what it wrote to stdout and stderr
 * @throws with what it wrote, when it does not exit with 0
 */
export async function runProcess(spec: ProcessSpec): Promise<string> {
  const { child, closed, log } = await launch(spec);
  child.stdin.end();
  const { code, signal } = await closed;
  if (code === 0) return log();
  const line = [spec.command, ...spec.args].join(" ");
  throw new Error(`${line} ended with ${signal ?? code}:\n${log().trim()}`);
}

interface Launched {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  readonly closed: Promise<Exit>;
  readonly log: () => string;
}

async function launch(spec: ProcessSpec): Promise<Launched> {
  const { owner, env, maxOpenFiles, deathSignal = "SIGKILL" } = spec;
  // A change of user clears the death signal: setpriv sets it after the change, and comes last.
  const privileges = ["--pdeathsig", deathSignal.replace("SIG", "")];
  if (owner !== undefined && owner.uid !== process.getuid?.()) {
    privileges.push("--reuid", `${owner.uid}`, "--regid", `${owner.gid}`, "--clear-groups");
  }
  const line = [...privileges, spec.command, ...spec.args];
  const options = { stdio: "pipe", env: { ...process.env, ...env } } as const;
  const child =
    maxOpenFiles === undefined
      ? spawn("setpriv", line, options)
      : spawn("prlimit", [`--nofile=${maxOpenFiles}`, "setpriv", ...line], options);

  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  const ended = (event: "exit" | "close") =>
    new Promise<Exit>((resolve) => {
      child.once(event, (code: number | null, signal: NodeJS.Signals | null) =>
        resolve({ code, signal }),
      );
    });
  const exited = ended("exit");
  const closed = ended("close");
  try {
    await once(child, "spawn");
  } catch (cause) {
    throw new Error("setpriv and prlimit are needed: install util-linux", { cause });
  }
  if (child.pid === undefined) throw new Error(`${spec.command} was started without a pid`);
  return { child, pid: child.pid, exited, closed, log: () => text };
}
