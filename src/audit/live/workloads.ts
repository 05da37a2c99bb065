import { PROCESSES_PER_POD_ANNOTATION } from "../../api/names.ts";
import type { LiveWorkload } from "../live.ts";
import type { AuditObject } from "../place.ts";
import type { Client } from "../system.ts";
import { fieldOf, keyOf, podOf, runningPods, type RunningPod } from "./pods.ts";

/**
 * The workloads that connect to a pooler, by what they are set to, and those whose pods were seen
 * there, whatever they are set to. A workload with pools on several lines is there once for each.
 *
 * @param objects of a cluster
 * @param clients what was read from them
 * @param seen the addresses of the poolers' clients
 */
export function workloadsOf(
  objects: readonly AuditObject[],
  clients: readonly Client[],
  seen: ReadonlySet<string>,
): readonly LiveWorkload[] {
  const pods = Map.groupBy(runningPods(objects), ({ workload }) => workload);
  const written = new Map(objects.map((object) => [keyOf(object), object]));
  const told = clients.flatMap((client): LiveWorkload[] => {
    if (client.target.kind !== "pooler") return [];
    const name = keyOf(client.place.object);
    return [
      {
        ...baseOf(name, written.get(name), pods.get(name) ?? [], seen),
        ...setOf(client, client.place.object),
        line: client.target.database,
        user: client.target.user,
      },
    ];
  });
  const names = new Set(told.map(({ name }) => name));
  const strangers = [...pods]
    .filter(([name]) => !names.has(name))
    .filter(([, own]) => own.some(({ addresses }) => addresses.some((each) => seen.has(each))))
    .map(([name, own]) => baseOf(name, written.get(name), own, seen));
  return [...told, ...strangers].toSorted((a, b) => a.name.localeCompare(b.name, "en"));
}

function baseOf(
  name: string,
  object: AuditObject | undefined,
  pods: readonly RunningPod[],
  seen: ReadonlySet<string>,
): LiveWorkload {
  return {
    name,
    processesPerPod: 1,
    replicas: (object === undefined ? undefined : replicasOf(object)) ?? pods.length,
    pods: pods.map((pod) => podOf(pod, seen)),
  };
}

function replicasOf({ kind, value }: AuditObject): number | undefined {
  if (kind !== "Deployment" && kind !== "StatefulSet") return undefined;
  const { replicas } = fieldOf(value, "spec");
  return typeof replicas === "number" ? replicas : 1;
}

/** What its pool is set to, and how many processes can be there at once, as far as it is told. */
function setOf(
  { pool, processes }: Client,
  object: AuditObject,
): Pick<LiveWorkload, "processesPerPod"> &
  Partial<Pick<LiveWorkload, "poolMax" | "poolMaxFrom" | "peakPods">> {
  const processesPerPod = processesOf(object);
  return {
    processesPerPod,
    ...(pool.known && { poolMax: pool.value, poolMaxFrom: pool.why }),
    ...(processes.known && { peakPods: Math.ceil(processes.value / processesPerPod) }),
  };
}

/** The annotation of its pod template, else its own, else one. */
function processesOf({ value }: AuditObject): number {
  const template = fieldOf(fieldOf(fieldOf(value, "spec"), "template"), "metadata");
  const own = fieldOf(value, "metadata");
  const [text] = [template, own].flatMap(
    (metadata) => fieldOf(metadata, "annotations")[PROCESSES_PER_POD_ANNOTATION] ?? [],
  );
  const count = Number(text);
  return Number.isInteger(count) && count > 0 ? count : 1;
}
