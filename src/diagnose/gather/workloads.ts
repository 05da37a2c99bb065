import type { LiveWorkload } from "../../model/workload.ts";
import { byNames } from "../../text/order.ts";
import { Field } from "../../verify/read/objects/field.ts";
import type { Products } from "../../verify/read/adapter.ts";
import { readSystem } from "../../verify/read/readSystem.ts";
import { objectOf, type ManifestObject } from "../../verify/sourcePosition.ts";
import type { Client, System } from "../../verify/system.ts";
import { podOf, runningPods, type RunningPod } from "./pods.ts";

/**
 * The workloads of a cluster that connect to a PgBouncer, by what they are set to, and those whose
 * pods are among the PgBouncers' clients, whatever they are set to.
 *
 * @param isWhole whether objects that are not among these are not there either: else no setting is
 *   read, since what is missing might change it
 * @param clientAddresses of the PgBouncers' clients
 */
export function liveWorkloads(
  objects: readonly ManifestObject[],
  isWhole: boolean,
  clientAddresses: ReadonlySet<string>,
  products: Products,
): readonly LiveWorkload[] {
  const byKey = new Map(objects.map((object) => [objectOf({ object }), object]));
  const configured = isWhole ? poolSettings(readSystem(objects, products)) : [];
  return connectedWorkloads(configured, runningPods(objects), clientAddresses)
    .map(({ name, settings: { processesPerPod, ...settings }, pods }) => ({
      name,
      processesPerPod,
      replicas: replicasOf(byKey.get(name)) ?? pods.length,
      pods,
      ...settings,
    }))
    .toSorted(byNames(({ name }) => [name]));
}

function replicasOf(object: ManifestObject | undefined): number | undefined {
  if (object?.kind !== "Deployment" && object?.kind !== "StatefulSet") return undefined;
  return Field.of(object).count("spec", "replicas") ?? 1;
}

/** The settings of a workload's pool, as far as its objects give them. */
type PoolSettings = Omit<LiveWorkload, "name" | "replicas" | "pods">;

/** The pool of a workload of this name. */
interface ConfiguredPool {
  readonly name: string;
  readonly settings: PoolSettings;
}

/** The pools of PgBouncers' clients; a workload with several pools is there once for each. */
export function poolSettings({ clients }: System): readonly ConfiguredPool[] {
  const pools = clients.flatMap((client) => {
    const { workload: name, place, target } = client;
    if (target.kind !== "pooler") return [];
    const { database, user, place: written, unknown = [] } = target;
    const where = [objectOf(place), place.path, objectOf(written), written.path, written.key];
    const settings = {
      ...(!unknown.includes("database") && { line: database }),
      ...(!unknown.includes("user") && { user }),
      ...sizeOf(client),
    };
    return [[JSON.stringify([...where, database, user]), { name, settings }] as const];
  });
  // An address that leads to several PgBouncers is one pool all the same.
  return [...new Map(pools).values()];
}

function sizeOf({ pods, processesPerPod, pool }: Client) {
  // The number of pools is not known: then the size of one says nothing.
  if (!pods.known || !processesPerPod.known) return { processesPerPod: 1 };
  return {
    processesPerPod: processesPerPod.value,
    peakPods: pods.value,
    ...(pool.known && { poolMax: pool.value, poolMaxFrom: pool.why }),
  };
}

/** The pools with the pods of their workloads, and then the other workloads that have clients. */
export function connectedWorkloads(
  configured: readonly ConfiguredPool[],
  pods: readonly RunningPod[],
  clientAddresses: ReadonlySet<string>,
): readonly (ConfiguredPool & Pick<LiveWorkload, "pods">)[] {
  const byWorkload = Map.groupBy(pods, ({ workload }) => workload);
  const names = new Set(configured.map(({ name }) => name));
  const others = new Set(
    pods
      .filter(({ addresses }) => addresses.some((address) => clientAddresses.has(address)))
      .map(({ workload }) => workload)
      .filter((name) => !names.has(name)),
  );
  const settings: PoolSettings = { processesPerPod: 1 };
  return [...configured, ...[...others].map((name) => ({ name, settings }))].map((pool) => ({
    ...pool,
    pods: (byWorkload.get(pool.name) ?? []).map((pod) => podOf(pod, clientAddresses)),
  }));
}
