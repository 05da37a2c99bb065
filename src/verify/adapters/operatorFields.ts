import { PODS_ANNOTATION } from "../../api/names.ts";
import type { Quantity } from "../system.ts";
import { annotatedCount } from "../read/annotations.ts";
import { setting, type Setting } from "../read/configuration.ts";
import type { Field } from "../read/field.ts";
import type { Annotation } from "../read/inventory.ts";
import type { Scalers } from "../read/scalers.ts";
import { replicasAt, rolledOut } from "../read/workloads.ts";

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
 * @param made its key: `Deployment db/app-rw`
 * @param count the field that says how many; 1 where it is not written
 */
export function madePods(
  made: string,
  count: Field,
  strategy: Field,
  annotation: (name: string) => Annotation | undefined,
  scalers: Scalers,
): Quantity {
  const told = annotatedCount(annotation(PODS_ANNOTATION), "", "how many pods there can be");
  if (told !== undefined) return told;
  const { object } = count;
  const maxima = [...scalers.maximaOf(object), ...scalers.maximaByKey(made)];
  return rolledOut(replicasAt(count, maxima), strategy);
}
