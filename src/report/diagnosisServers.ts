import type { Holding } from "../diagnose/diagnosis.ts";
import type { LiveWorkload } from "../model/workload.ts";
import { counted } from "../text/wording.ts";
import { rowsOf } from "./diagnosisRows.ts";
import type { Paint } from "../text/paint.ts";
import { hangingIndent } from "../text/wrap.ts";

/** Which servers run, what the pool of each process is set to, and what their pods hold. */
export function workloadBlock(
  workloads: readonly LiveWorkload[],
  poolers: readonly Holding[],
  columns: number,
  paint: Paint,
): readonly string[] {
  return [
    ...hangingIndent("", "Which servers run, and how large each pool is", columns).map(paint.bold),
    ...rowsOf(
      { numbers: ["pods", "peak", "pool max", "clients"], name: "server", text: "" },
      workloads.map((workload) => ({
        numbers: [
          `${workload.pods.length}`,
          workload.peakPods === undefined ? "?" : `${workload.peakPods}`,
          workload.poolMax === undefined ? "?" : `${workload.poolMax}`,
          `${clientsOf(workload, poolers)}`,
        ],
        name: workload.name,
        text: remarksOn(workload),
      })),
      columns,
      paint,
      (hidden) => `${hidden} more; --output json has all`,
    ),
  ];
}

function clientsOf({ name, pods }: LiveWorkload, poolers: readonly Holding[]): number {
  const addresses = new Set(pods.flatMap(({ address }) => address ?? []));
  return poolers
    .flatMap(({ holders }) => holders)
    .filter(({ workload, address }) => workload === name || addresses.has(address))
    .reduce((sum, { clients }) => sum + clients, 0);
}

function remarksOn(workload: LiveWorkload): string {
  const { pods, poolMaxFrom, processesPerPod, replicas, line } = workload;
  const terminating = pods.filter((pod) => pod.terminating).length;
  const unready = pods.filter((pod) => !pod.ready && !pod.terminating).length;
  return [
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(poolMaxFrom === undefined ? [] : [`pool from ${poolMaxFrom}`]),
    ...(processesPerPod === 1 ? [] : [`${processesPerPod} processes a pod`]),
    ...(pods.length === replicas ? [] : [counted(replicas, "replica")]),
    ...(terminating === 0 ? [] : [`${terminating} terminating`]),
    ...(unready === 0 ? [] : [`${unready} not ready`]),
  ].join(", ");
}
