import { formatPath } from "../../api/fieldPath.ts";
import { objectOf, type ManifestObject } from "../sourcePosition.ts";
import { known, missing, type Quantity } from "../quantity.ts";
import { Field } from "./field.ts";
import { kindOf, type Inventory } from "./inventory.ts";

/** A kind whose objects set the replicas of another object. */
export interface ScalerKind {
  /** The reference to the object that is scaled. */
  readonly target: (root: Field) => Field;
  /** The most replicas that it gives the object. */
  readonly maximum: (root: Field) => Quantity;
  /** What scales such an object scales its target too. */
  readonly passesOn?: true;
}

/** Kubernetes' own; other autoscalers write it as this one does. */
const AUTOSCALER: ScalerKind = {
  target: (root) => root.at("spec", "scaleTargetRef"),
  maximum: (root) =>
    countIn(
      root.at("spec", "maxReplicas"),
      "the autoscaler's maximum",
      (count) => `maxReplicas ${count}`,
    ),
};

/** The count in a field, else `byDefault`. `what` and `why` are for people. */
export function countIn(
  field: Field,
  what: string,
  why: (count: number) => string,
  byDefault?: number,
): Quantity {
  const count = field.exists ? field.count() : byDefault;
  if (count !== undefined) return known(count, why(count), field.place());
  return missing(what, field.place(), `write ${formatPath(field.path)} as a number`);
}

/** What scales each workload, and up to how many replicas. */
export class Scalers {
  readonly #maxima = new Map<string, readonly Quantity[]>();

  /** @param kinds besides Kubernetes' own: `keda.sh/ScaledObject` */
  constructor(inventory: Inventory, kinds: ReadonlyMap<string, ScalerKind>) {
    for (const object of inventory.objects) {
      const root = Field.of(object);
      const kind = kinds.get(kindOf(object)) ?? AUTOSCALER;
      const target = targetKey(kind.target(root), object);
      if (target !== undefined) this.#add(target, kind.maximum(root));
    }
    for (const object of inventory.objects) {
      const kind = kinds.get(kindOf(object));
      if (kind?.passesOn !== true) continue;
      const target = targetKey(kind.target(Field.of(object)), object);
      if (target !== undefined) this.#add(target, ...this.maximaOf(object));
    }
  }

  #add(target: string, ...maxima: readonly Quantity[]): void {
    this.#maxima.set(target, [...this.maximaByKey(target), ...maxima]);
  }

  /** The maximum that each of its autoscalers has. */
  maximaOf(object: ManifestObject): readonly Quantity[] {
    return this.maximaByKey(objectOf({ object }));
  }

  /** The same by `Deployment writing/author`, for a workload that need not be among the objects. */
  maximaByKey(key: string): readonly Quantity[] {
    return this.#maxima.get(key) ?? [];
  }
}

function targetKey(target: Field, { namespace }: ManifestObject): string | undefined {
  const name = target.text("name");
  const kind = target.text("kind") ?? "Deployment";
  return name === undefined ? undefined : `${kind} ${namespace}/${name}`;
}
