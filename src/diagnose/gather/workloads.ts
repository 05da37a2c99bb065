import type { LiveWorkload } from "../../model/workload.ts";
import { byNames } from "../../text/order.ts";
import { Field } from "../../verify/read/field.ts";
import { readSystem } from "../../verify/read/readSystem.ts";
import { objectOf, type ManifestObject } from "../../verify/sourcePosition.ts";
import type { Client, System } from "../../verify/system.ts";
import { isClient, podOf, runningPods } from "./pods.ts";

/**
 * The workloads that connect to a PgBouncer, by what they are set to, and those whose pods are among
 * the PgBouncers' clients, whatever they are set to. A workload with several pools is there once for
 * each.
 *
 * @param objects of a cluster
 * @param isWhole whether objects that are not among them are not there either: else no setting is
 *   read, since what is missing might change it
 * @param clientAddresses of the PgBouncers' clients
 */
export function liveWorkloads(
  objects: readonly ManifestObject[],
  isWhole: boolean,
  clientAddresses: ReadonlySet<string>,
): readonly LiveWorkload[] {
  const pods = Map.groupBy(runningPods(objects), ({ workload }) => workload);
  const byKey = new Map(objects.map((object) => [objectOf({ object }), object]));
  const workloadOf = (name: string): LiveWorkload => {
    const own = pods.get(name) ?? [];
    return {
      name,
      processesPerPod: 1,
      replicas: replicasOf(byKey.get(name)) ?? own.length,
      pods: own.map((pod) => podOf(pod, clientAddresses)),
    };
  };
  const configured = (isWhole ? poolSettings(readSystem(objects)) : []).map(
    ({ workload, settings }) => ({ ...workloadOf(workload), ...settings }),
  );
  const names = new Set(configured.map(({ name }) => name));
  const others = [...pods]
    .filter(([name, own]) => !names.has(name) && own.some((pod) => isClient(pod, clientAddresses)))
    .map(([name]) => workloadOf(name));
  return [...configured, ...others].toSorted(byNames(({ name }) => [name]));
}

function replicasOf(object: ManifestObject | undefined): number | undefined {
  if (object?.kind !== "Deployment" && object?.kind !== "StatefulSet") return undefined;
  return Field.of(object).count("spec", "replicas") ?? 1;
}

/** What a workload's pool is set to, as far as its objects say. */
interface PoolSettings extends Partial<
  Pick<LiveWorkload, "line" | "user" | "poolMax" | "poolMaxFrom" | "peakPods">
> {
  readonly processesPerPod: number;
}

/** The pools that clients of PgBouncers are set to, each with its workload: `Deployment writing/author`. */
export function poolSettings({
  clients,
}: System): readonly { readonly workload: string; readonly settings: PoolSettings }[] {
  return onePoolEach(clients).map((client) => ({
    workload: client.workload,
    settings: settingsOf(client),
  }));
}

/** Those of PgBouncers. An address that leads to several of them is one pool all the same. */
function onePoolEach(clients: readonly Client[]): readonly Client[] {
  const pools = clients.flatMap((client) => {
    const { place, target } = client;
    if (target.kind !== "pooler") return [];
    const { database, user, place: written } = target;
    const where = [objectOf(place), place.path, objectOf(written), written.path];
    return [[JSON.stringify([...where, written.key, database, user]), client] as const];
  });
  return [...new Map(pools).values()];
}

function settingsOf({ pods, processesPerPod, pool, target }: Client): PoolSettings {
  const { unknown = [] } = target.kind === "pooler" ? target : {};
  const login =
    target.kind === "pooler"
      ? {
          ...(!unknown.includes("database") && { line: target.database }),
          ...(!unknown.includes("user") && { user: target.user }),
        }
      : {};
  // The number of pools is not known: then the size of one says nothing.
  if (!pods.known || !processesPerPod.known) return { ...login, processesPerPod: 1 };
  return {
    ...login,
    processesPerPod: processesPerPod.value,
    peakPods: pods.value,
    ...(pool.known && { poolMax: pool.value, poolMaxFrom: pool.why }),
  };
}
