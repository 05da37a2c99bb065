import { CONNECTS_TO_ANNOTATION, CONNECTS_TO_FORM } from "../api/names.ts";
import { missing, type MissingQuantity } from "./quantity.ts";
import type { Client } from "./system.ts";

/**
 * What is missing of a client's target, with the annotation that says it. An annotation that names the
 * container counts instead of what the container's environment says.
 */
export function targetQuestion({ name, workload, target }: Client, what: string): MissingQuantity {
  const remedy = `annotate it with ${CONNECTS_TO_ANNOTATION}: "${CONNECTS_TO_FORM}"`;
  const question = missing(what, target.place, remedy);
  const [, container] = name.split(", container ");
  if (container === undefined) return question;
  const value = `${container}=${CONNECTS_TO_FORM}`;
  return { ...question, answer: { object: workload, annotation: CONNECTS_TO_ANNOTATION, value } };
}
