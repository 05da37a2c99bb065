import { fork, type ChildProcess, type ForkOptions } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { runsAsRoot } from "../../tools/processes/owner.ts";
import { onPath } from "../../tools/debian/programs.ts";

/** A process of its own that takes orders and answers each with a report. */
export interface OrderedProcess<Order, Report> {
  readonly pid: number;
  /** Gives an order; one at a time. @throws when the process ends before it answers */
  readonly tell: (order: Order) => Promise<Report>;
  /** Ends it as a node that dies does: at once, without a word to anybody. */
  readonly kill: () => Promise<void>;
}

/**
 * Starts a program of this folder with nothing in its environment but what is given: what it does
 * comes from there. It ends with this process.
 *
 * @param file its name in this folder
 */
export async function startOrdered<Order extends string, Report>(
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<OrderedProcess<Order, Report>> {
  return startForked<Order, Report>(file, { env: { ...env } });
}

/** The same, as the first process of a namespace of its own: so is a container's. */
export async function startOrderedFirst<Order extends string, Report>(
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<OrderedProcess<Order, Report>> {
  const [unshare] = await onPath("unshare");
  if (unshare === undefined) throw new Error("unshare is needed: install util-linux");
  const asMyself = runsAsRoot() ? [] : ["--user", "--map-current-user"];
  const execArgv = [...asMyself, "--pid", "--fork", "--kill-child", process.execPath];
  return startForked<Order, Report>(file, { env: { ...env }, execPath: unshare, execArgv });
}

async function startForked<Order extends string, Report>(
  file: string,
  options: ForkOptions,
): Promise<OrderedProcess<Order, Report>> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), options);
  const ended = once(child, "exit");
  await once(child, "spawn");
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} was started without a pid`);
  return {
    pid,
    tell: async (order) => {
      const answer = new Promise<Report>((resolve) => {
        child.once("message", (report: Report) => resolve(report));
      });
      child.send(order);
      return Promise.race([answer, ended.then(() => Promise.reject(endOf(child, order)))]);
    },
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function endOf({ exitCode, signalCode }: ChildProcess, order: string): Error {
  return new Error(`the process ended with ${signalCode ?? exitCode} when told to ${order}`);
}
