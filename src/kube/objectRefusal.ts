import type { KubeAnswer, KubeClient } from "./client.ts";
import { isObject, refusalOf } from "./kubeAnswer.ts";
import { KubeRefusal } from "./kubeError.ts";
import { objectTitle, type ObjectPlace } from "./objectPlace.ts";

/** An API server did not do what it was asked to do to an object. */
export class ObjectRefusal extends KubeRefusal {
  /** As the API server calls it: `Conflict`, `Invalid`, `BadRequest`; empty when it says none. */
  readonly reason: string;
  /** The fields that it names, as paths: `.data.a`, `spec.replicas`. */
  readonly fields: readonly string[];

  constructor(message: string, { status, body }: KubeAnswer) {
    super(message, status);
    this.name = "ObjectRefusal";
    this.reason = reasonOf(body);
    this.fields = fieldsOf(body);
  }
}

/**
 * The refusal of something that was to be done to an object, with the API server's words: all of
 * them, in one line. Those about a Secret are left out but for the fields: they may quote values.
 *
 * @param doing `apply`, `write the status of`
 */
export function refusal(
  { server }: KubeClient,
  doing: string,
  place: Omit<ObjectPlace, "plural">,
  answer: KubeAnswer,
): ObjectRefusal {
  const words = place.kind === "Secret" ? withoutValues(answer) : wholeWords(answer);
  return new ObjectRefusal(`can't ${doing} ${objectTitle(place)} of ${server}: ${words}`, answer);
}

/** Whether an API server says this, and nobody else who answers with the same number. */
export function isRefusal({ status, body }: KubeAnswer, of: number, reason: string): boolean {
  return status === of && reasonOf(body) === reason;
}

/** Whether it is the object that is not there, and not its kind. */
export function isAbsent(answer: KubeAnswer, name: string): boolean {
  const details = isObject(answer.body) ? answer.body["details"] : undefined;
  return isRefusal(answer, 404, "NotFound") && isObject(details) && details["name"] === name;
}

function reasonOf(body: unknown): string {
  const reason = isObject(body) && body["kind"] === "Status" ? body["reason"] : undefined;
  return typeof reason === "string" ? reason : "";
}

function fieldsOf(body: unknown): readonly string[] {
  const details = isObject(body) ? body["details"] : undefined;
  const causes: unknown = isObject(details) ? details["causes"] : undefined;
  if (!Array.isArray(causes)) return [];
  return causes.flatMap((cause: unknown) => {
    const field = isObject(cause) ? cause["field"] : undefined;
    return typeof field === "string" ? [field] : [];
  });
}

/** Conflicts are told in several lines, one a field. */
function wholeWords({ status, body }: KubeAnswer): string {
  const message = isObject(body) ? body["message"] : undefined;
  if (!isObject(body) || typeof message !== "string") return refusalOf({ status, body });
  const inOneLine = message.trim().replaceAll(/\s*[\r\n]+\s*/g, " ");
  return refusalOf({ status, body: { ...body, message: inOneLine } });
}

function withoutValues(answer: KubeAnswer): string {
  const { status, body } = answer;
  if (!isObject(body) || body["kind"] !== "Status" || status === 401) return refusalOf(answer);
  const said = [reasonOf(body), ...fieldsOf(body)].filter((word) => word !== "");
  return [`HTTP ${status}`, ...said].join(" ");
}
