import { PODS_ANNOTATION } from "../../api/names.ts";
import type { Quantity } from "../quantity.ts";
import { annotatedCount } from "../read/annotations.ts";
import type { Field } from "../read/field.ts";
import { replicasAt, rolledOut } from "../read/peakPods.ts";
import { setting, type Setting } from "../read/poolers.ts";
import type { Scalers } from "../read/scalers.ts";
import type { Annotation } from "../workload.ts";

/** A mapping of PgBouncer's keys in an operator's object; numbers may stand unquoted. */
export function settingsOf(mapping: Field): Map<string, Setting> {
  return new Map(
    mapping
      .entries()
      .filter(([, field]) => field.exists)
      .map(([key, field]) => [key, setting(String(field.value), field.place())]),
  );
}

/**
 * Pods of the Deployment that an operator makes.
 *
 * @param deployment its key: `Deployment db/app-rw`
 * @param count the field that says how many; 1 where it is not written
 */
export function deploymentPods(
  deployment: string,
  count: Field,
  strategy: Field,
  annotation: (name: string) => Annotation | undefined,
  scalers: Scalers,
): Quantity {
  const annotated = annotatedCount(annotation(PODS_ANNOTATION), "", "how many pods there can be");
  if (annotated !== undefined) return annotated;
  const { object } = count;
  const maxima = [...scalers.maximaOf(object), ...scalers.maximaByKey(deployment)];
  return rolledOut(replicasAt(count, maxima), strategy);
}
