import { missing, type MissingQuantity } from "../quantity.ts";
import { groupOf, kindOf, type Inventory } from "../read/inventory.ts";
import type { WorkloadKind } from "../read/peakPods.ts";
import type { Configuration } from "../read/poolers.ts";
import type { ScalerKind, Scalers } from "../read/scalers.ts";
import type { ManifestObject } from "../sourcePosition.ts";
import type { Container } from "../workload.ts";
import type { Adapter, OperatorResources } from "./adapter.ts";
import { cnpg } from "./cnpg.ts";
import { crunchy } from "./crunchy.ts";
import { keda } from "./keda.ts";
import { PGBOUNCER_IMAGES } from "./pgbouncerImages.ts";
import { argoRollouts, openshift } from "./rollouts.ts";
import { zalando } from "./zalando.ts";

/** Every product that weir knows. Of several images, the first that fits counts. */
const ADAPTERS: readonly Adapter[] = [
  cnpg,
  zalando,
  crunchy,
  keda,
  argoRollouts,
  openshift,
  ...PGBOUNCER_IMAGES,
];

export const ADAPTER_WORKLOADS: ReadonlyMap<string, WorkloadKind> = new Map(
  ADAPTERS.flatMap(({ workloads = {} }) => Object.entries(workloads)),
);

export const ADAPTER_SCALERS: ReadonlyMap<string, ScalerKind> = new Map(
  ADAPTERS.flatMap(({ scalers = {} }) => Object.entries(scalers)),
);

/** What the operators that weir knows make of all objects. */
export function operatorResources(inventory: Inventory, scalers: Scalers): OperatorResources {
  const resources = inventory.objects.flatMap((object) =>
    ADAPTERS.flatMap(
      ({ objects = {} }) => objects[kindOf(object)]?.(object, { inventory, scalers }) ?? [],
    ),
  );
  return {
    poolers: resources.flatMap(({ poolers = [] }) => poolers),
    postgres: resources.flatMap(({ postgres = [] }) => postgres),
    owned: resources.flatMap(({ owned = [] }) => owned),
  };
}

/** Whether an object belongs to an operator that weir knows. */
export function isOperators(object: ManifestObject): boolean {
  return ADAPTERS.some(({ groups }) => groups?.test(groupOf(object)) === true);
}

/** The configuration that an image's entrypoint makes from the environment, without an ini. */
export function imageConfiguration(container: Container): Configuration | MissingQuantity {
  for (const { image } of ADAPTERS) {
    if (image?.isOf(container) === true) return image.configuration(container);
  }
  return missing(
    "the configuration of PgBouncer: no ini is mounted, and the image has none that is known",
    container.imagePlace,
    "mount its ini from a ConfigMap that is among the manifests",
  );
}
