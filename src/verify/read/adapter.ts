import type { Knowledge } from "../knowledge/knowledge.ts";
import type { ManifestObject } from "../sourcePosition.ts";
import type { Workload } from "../workload.ts";
import type { Inventory } from "./objects/inventory.ts";
import { groupOf, kindOf } from "./objects/kinds.ts";
import type { WorkloadKind, ScalerKind, Scalers } from "./pods/peakPods.ts";
import type { FoundPooler } from "./poolers/poolers.ts";
import type { FoundPostgres } from "./postgres/postgresServers.ts";

/**
 * What weir knows of a product: the kinds of its objects (by API group and kind,
 * `postgresql.cnpg.io/Pooler`). The reader is given a list of adapters, and knows no operator by name.
 */
export interface Adapter {
  /** API groups of an operator: what it makes of their kinds is read here, or opens no connection. */
  readonly groups?: RegExp;
  /** What the operator makes of an object of each kind. */
  readonly objects?: Readonly<
    Record<string, (object: ManifestObject, context: AdapterContext) => Partial<OperatorResources>>
  >;
  /** Kinds whose objects make pods. */
  readonly workloads?: Readonly<Record<string, WorkloadKind>>;
  /** Kinds whose objects set the replicas of others. */
  readonly scalers?: Readonly<Record<string, ScalerKind>>;
}

/** What weir knows of others' products: in code, and in the tables of knowledge/. */
export interface Products {
  readonly adapters: readonly Adapter[];
  readonly knowledge: Knowledge;
}

/** The context in which an operator's object is read. */
export interface AdapterContext {
  readonly inventory: Inventory;
  readonly scalers: Scalers;
}

/** The resources that an operator makes from its objects, whether or not they were given too. */
interface OperatorResources {
  readonly poolers: readonly FoundPooler[];
  readonly postgres: readonly FoundPostgres[];
  /** What opens connections on an object's behalf. */
  readonly workloads: readonly Workload[];
  /** Keys of the workloads that it makes: not to be counted once more. */
  readonly owned: readonly string[];
}

export function adapterWorkloads(adapters: readonly Adapter[]): ReadonlyMap<string, WorkloadKind> {
  return new Map(adapters.flatMap(({ workloads = {} }) => Object.entries(workloads)));
}

export function adapterScalers(adapters: readonly Adapter[]): ReadonlyMap<string, ScalerKind> {
  return new Map(adapters.flatMap(({ scalers = {} }) => Object.entries(scalers)));
}

/** What the operators of the adapters make of all objects. */
export function operatorResources(
  adapters: readonly Adapter[],
  context: AdapterContext,
): OperatorResources {
  const resources = context.inventory.objects.flatMap((object) =>
    adapters.flatMap(({ objects = {} }) => objects[kindOf(object)]?.(object, context) ?? []),
  );
  return {
    poolers: resources.flatMap(({ poolers = [] }) => poolers),
    postgres: resources.flatMap(({ postgres = [] }) => postgres),
    workloads: resources.flatMap(({ workloads = [] }) => workloads),
    owned: resources.flatMap(({ owned = [] }) => owned),
  };
}

/** Whether an object belongs to the operator of an adapter. */
export function isOperators(adapters: readonly Adapter[], object: ManifestObject): boolean {
  return adapters.some(({ groups }) => groups?.test(groupOf(object)) === true);
}
