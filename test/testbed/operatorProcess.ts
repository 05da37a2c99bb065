import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { startProcess, type RunningProcess } from "../../tools/processes/processes.ts";

const WEIR = fileURLToPath(new URL("../../bin/weir.js", import.meta.url));
/** Of /proc: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** How it is started. */
interface OperatorSpec {
  readonly kubeconfigPath: string;
  /** After `weir operator`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A `weir operator` that runs. */
export interface OperatorProcess {
  readonly log: () => string;
  readonly signal: RunningProcess["signal"];
  readonly exited: RunningProcess["exited"];
  /** Where its figures are; it logs that before it leads. */
  readonly port: () => number;
  /** SIGKILL, as a node that dies. */
  readonly kill: () => Promise<void>;
  /** SIGTERM, and the end that it makes of itself. */
  readonly stop: () => Promise<void>;
  /** CPU since it started, and memory now. */
  readonly usage: () => Promise<{ readonly cpuSeconds: number; readonly memoryMiB: number }>;
}

/** Starts `weir operator` from the sources. It ends with this process. */
export async function startOperator(spec: OperatorSpec): Promise<OperatorProcess> {
  const { kubeconfigPath, args = [], env = {} } = spec;
  const running = await startProcess({
    command: process.execPath,
    // Several tests run at a time: any port.
    args: [WEIR, "operator", "--port=0", ...args],
    env: { KUBECONFIG: kubeconfigPath, ...env },
  });
  const { log, signal, exited, pid } = running;
  return {
    log,
    signal,
    exited,
    port: () => Number(/"port":(\d+)/.exec(log())?.[1]),
    kill: async () => {
      await running.stop("SIGKILL");
    },
    stop: async () => {
      await running.stop("SIGTERM");
    },
    usage: async () => {
      const stat = await readFile(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      // utime and stime, of `man proc_pid_stat` fields 14 and 15; after the name comes field 3.
      const ticks = Number(fields[11]) + Number(fields[12]);
      const status = await readFile(`/proc/${pid}/status`, "utf8");
      const kib = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
      return { cpuSeconds: ticks / TICKS_PER_SECOND, memoryMiB: Math.round(kib / 1024) };
    },
  };
}
