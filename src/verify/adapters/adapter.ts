import type { MissingQuantity } from "../quantity.ts";
import type { Inventory } from "../read/inventory.ts";
import type { WorkloadKind } from "../read/peakPods.ts";
import type { Configuration, FoundPooler } from "../read/poolers.ts";
import type { FoundPostgres } from "../read/postgresServers.ts";
import type { ScalerKind, Scalers } from "../read/scalers.ts";
import type { ManifestObject } from "../sourcePosition.ts";
import type { Container } from "../workload.ts";

/**
 * What weir knows of a product: the kinds of its objects (by API group and kind,
 * `postgresql.cnpg.io/Pooler`) and its images. The reader asks the list of adapters, and knows no
 * product by name.
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
  /** What the entrypoint of a PgBouncer image configures, when no ini is mounted. */
  readonly image?: {
    readonly isOf: (container: Container) => boolean;
    readonly configuration: (container: Container) => Configuration | MissingQuantity;
  };
}

/** The context in which an operator's object is read. */
export interface AdapterContext {
  readonly inventory: Inventory;
  readonly scalers: Scalers;
}

/** The resources that an operator makes from its objects, whether or not they were given too. */
export interface OperatorResources {
  readonly poolers: readonly FoundPooler[];
  readonly postgres: readonly FoundPostgres[];
  /** Keys of the workloads that it makes: not to be counted once more. */
  readonly owned: readonly string[];
}
