import { objectOf, type AuditObject } from "../sourcePosition.ts";
import type { Quantity } from "../system.ts";
import { Field } from "./field.ts";
import { known, missing } from "./quantities.ts";
import { groupOf, type Inventory } from "./inventory.ts";

/** KEDA's default of maxReplicaCount, of a ScaledObject and a ScaledJob alike. */
export const KEDA_MAX_DEFAULT = 100;

/** What scales a workload: HorizontalPodAutoscalers, KEDA's ScaledObjects, Argo's Rollouts. */
export class Scalers {
  readonly #maxima: ReadonlyMap<string, readonly Quantity[]>;

  constructor(inventory: Inventory) {
    const maxima = new Map<string, Quantity[]>();
    const add = (target: string | undefined, maximum: Quantity): void => {
      if (target === undefined) return;
      maxima.set(target, [...(maxima.get(target) ?? []), maximum]);
    };
    for (const object of inventory.objects) {
      const root = Field.of(object);
      const target = root.at("spec", "scaleTargetRef");
      switch (`${groupOf(object)}/${object.kind}`) {
        case "autoscaling/HorizontalPodAutoscaler":
          add(keyOf(target, object), hpaMaximum(root));
          break;
        case "keda.sh/ScaledObject":
          add(keyOf(target, object), kedaMaximum(root));
          break;
        case "argoproj.io/Rollout":
          // Its pods are those of the Deployment that it refers to, which itself has none.
          add(keyOf(root.at("spec", "workloadRef"), object), rolloutReplicas(root));
          break;
        default:
          // Other autoscalers write it as the common one does.
          if (target.exists) add(keyOf(target, object), hpaMaximum(root));
      }
    }
    // What scales a Rollout scales the Deployment that it refers to.
    for (const object of inventory.ofKind("argoproj.io", "Rollout")) {
      const deployment = keyOf(Field.of(object).at("spec", "workloadRef"), object);
      for (const maximum of maxima.get(objectOf({ object, path: [] })) ?? []) {
        add(deployment, maximum);
      }
    }
    this.#maxima = maxima;
  }

  /** The maximum that each of its autoscalers has. */
  maximaOf(object: AuditObject): readonly Quantity[] {
    return this.maximaByKey(objectOf({ object, path: [] }));
  }

  /** The same by `Deployment writing/author`, for one that need not be among the objects. */
  maximaByKey(key: string): readonly Quantity[] {
    return this.#maxima.get(key) ?? [];
  }
}

function keyOf(target: Field, { namespace }: AuditObject): string | undefined {
  const name = target.at("name").text();
  const kind = target.at("kind").text() ?? "Deployment";
  return name === undefined ? undefined : `${kind} ${namespace}/${name}`;
}

function rolloutReplicas(root: Field): Quantity {
  const field = root.at("spec", "replicas");
  const count = field.exists ? field.count() : 1;
  if (count !== undefined) return known(count, `${count} replicas of its Rollout`, field.place());
  return missing("the Rollout's replicas", field.place(), "write spec.replicas as a number");
}

function hpaMaximum(root: Field): Quantity {
  const field = root.at("spec", "maxReplicas");
  const count = field.count();
  if (count !== undefined) return known(count, `maxReplicas ${count}`, field.place());
  return missing("the autoscaler's maximum", field.place(), "write spec.maxReplicas as a number");
}

function kedaMaximum(root: Field): Quantity {
  const field = root.at("spec", "maxReplicaCount");
  const count = field.exists ? field.count() : KEDA_MAX_DEFAULT;
  if (count === undefined) {
    return missing("KEDA's maximum", field.place(), "write spec.maxReplicaCount as a number");
  }
  const why = `maxReplicaCount ${count}${field.exists ? "" : " (KEDA's default)"}`;
  return known(count, why, field.place());
}
