import { firstLine } from "../text/wording.ts";
import { fieldOf, itemsOf, textAt, type Fields } from "../json/fields.ts";

/** An answer of an API server. */
export interface KubeAnswer {
  readonly status: number;
  /** The JSON of the body; undefined when it is none. */
  readonly body: unknown;
}

/** What went wrong between weir and a cluster, in one line for people, without any credential. */
export class KubeError extends Error {
  override name = "KubeError";
}

/** An API server answered, and refused. */
export class KubeRefusal extends KubeError {
  override name = "KubeRefusal";
  /** HTTP's, also where it stands in an event: 410 when what was asked for is too old. */
  readonly status: number;
  /** As the API server calls it: `Conflict`, `Invalid`, `BadRequest`; empty when it says none. */
  readonly reason: string;
  /** The fields that it names, as paths: `.data.a`, `spec.replicas`. */
  readonly fields: readonly string[];

  /** @param what could not be done: `can't list pods of https://…` */
  constructor(what: string, answer: KubeAnswer, words = refusalOf(answer)) {
    super(`${what}: ${words}`);
    this.status = answer.status;
    this.reason = reasonOf(answer);
    this.fields = fieldsOf(answer);
  }
}

/** What messages call an object by. */
interface ObjectTitle {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** How messages call it: `Lease writing/weir`. */
export function objectTitle({ kind, namespace, name }: ObjectTitle): string {
  return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

/**
 * The refusal of something that was to be done to an object, with the API server's words: all of
 * them, in one line. Those about a Secret are left out but for the fields: they may quote values.
 *
 * @param doing `apply`, `write the status of`
 */
export function refusal(
  { server }: { readonly server: string },
  doing: string,
  object: ObjectTitle,
  answer: KubeAnswer,
): KubeRefusal {
  const words = object.kind === "Secret" ? withoutValues(answer) : refusalOf(answer, inOneLine);
  return new KubeRefusal(`can't ${doing} ${objectTitle(object)} of ${server}`, answer, words);
}

/**
 * Why an answer is not the expected answer.
 *
 * @param shortened makes one line of the API server's message
 */
export function refusalOf(answer: KubeAnswer, shortened = firstLine): string {
  if (answer.status === 401) return "it does not know who asks (401): log in again";
  const message = textAt(statusIn(answer), "message");
  if (message !== undefined && answer.status !== 200) return shortened(message);
  return `it does not answer as an API server does (HTTP ${answer.status})`;
}

/** Whether an API server says this, and not a proxy that answers with the same number. */
export function isRefusal(answer: KubeAnswer, status: number, reason: string): boolean {
  return answer.status === status && reasonOf(answer) === reason;
}

/** An answer's Status; empty where it is none. */
function statusIn({ body }: KubeAnswer): Fields {
  return textAt(body, "kind") === "Status" ? fieldOf(body) : {};
}

function reasonOf(answer: KubeAnswer): string {
  return textAt(statusIn(answer), "reason") ?? "";
}

function fieldsOf({ body }: KubeAnswer): readonly string[] {
  return itemsOf(body, "details", "causes").flatMap((cause) => textAt(cause, "field") ?? []);
}

/** A conflict has several lines, one for each field. */
function inOneLine(message: string): string {
  return message.trim().replaceAll(/\s*[\r\n]+\s*/g, " ");
}

function withoutValues(answer: KubeAnswer): string {
  if (answer.status === 401 || textAt(statusIn(answer), "kind") === undefined) {
    return refusalOf(answer);
  }
  const said = [reasonOf(answer), ...fieldsOf(answer)].filter((word) => word !== "");
  return [`HTTP ${answer.status}`, ...said].join(" ");
}
