import { fieldOf } from "../../kube/fields.ts";
import type { LiveWorkload } from "../../model/workload.ts";
import { Inventory } from "../../verify/read/inventory.ts";
import { readSystem } from "../../verify/read/readSystem.ts";
import { Scalers } from "../../verify/read/scalers.ts";
import { workloadsOf as writtenWorkloads } from "../../verify/read/workloads.ts";
import type { AuditObject } from "../../verify/sourcePosition.ts";
import type { Client, Quantity } from "../../verify/system.ts";
import { keyOf, podOf, runningPods, type RunningPod } from "./pods.ts";

/**
 * The workloads that connect to a pooler, by what they are set to, and those whose pods were seen
 * there, whatever they are set to. A workload with several pools is there once for each.
 *
 * @param objects of a cluster
 * @param isWhole whether objects that are not among them are not there either: else no figure is
 *   read, since what is missing might change it
 * @param seen the addresses of the poolers' clients
 */
export function liveWorkloads(
  objects: readonly AuditObject[],
  isWhole: boolean,
  seen: ReadonlySet<string>,
): readonly LiveWorkload[] {
  const pods = Map.groupBy(runningPods(objects), ({ workload }) => workload);
  const written = new Map(objects.map((object) => [keyOf(object), object]));
  const told = (isWhole ? setClients(objects) : []).map(({ object, settings }) => {
    const name = keyOf(object);
    return { ...baseOf(name, object, pods.get(name) ?? [], seen), ...settings };
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

/** What a workload's pool is set to, as far as it is told. */
export interface Settings extends Partial<
  Pick<LiveWorkload, "line" | "user" | "poolMax" | "poolMaxFrom" | "peakPods">
> {
  readonly processesPerPod: number;
}

/** The objects that make clients of poolers, and what these are set to. */
export function setClients(
  objects: readonly AuditObject[],
): readonly { readonly object: AuditObject; readonly settings: Settings }[] {
  const inventory = new Inventory(objects, new Map());
  const peaks = new Map(
    writtenWorkloads(inventory, new Scalers(inventory)).map(({ key, pods }) => [key, pods]),
  );
  return onePoolEach(readSystem(objects).clients).map((client) => {
    const { object } = client.place;
    return { object, settings: settingsOf(client, peaks.get(keyOf(object))) };
  });
}

/** Those of poolers. An address that leads to several poolers is one pool all the same. */
function onePoolEach(clients: readonly Client[]): readonly Client[] {
  const pools = clients.flatMap((client) => {
    const { place, target } = client;
    if (target.kind !== "pooler") return [];
    const { database, user, place: told } = target;
    const where = [keyOf(place.object), place.path, keyOf(told.object), told.path, told.key];
    return [[JSON.stringify([...where, database, user]), client] as const];
  });
  return [...new Map(pools).values()];
}

function settingsOf({ pool, processes, target }: Client, peak: Quantity | undefined): Settings {
  const login = target.kind === "pooler" ? target : { database: "", user: "" };
  const named = {
    ...(isName(login.database) && { line: login.database }),
    ...(isName(login.user) && { user: login.user }),
  };
  const peakPods = peak?.known ? peak.value : undefined;
  const perPod =
    processes.known && peakPods !== undefined ? processes.value / peakPods : Number.NaN;
  // How many pools a pod has is not known: then the size of one tells nothing.
  if (!Number.isSafeInteger(perPod)) return { ...named, processesPerPod: 1 };
  return {
    ...named,
    processesPerPod: perPod,
    ...(peakPods !== undefined && { peakPods }),
    ...(pool.known && { poolMax: pool.value, poolMaxFrom: pool.why }),
  };
}

/** What a Secret hides, or nothing says, is told in words. */
function isName(text: string): boolean {
  return text !== "" && !text.includes(" ");
}
