import { listed, orList } from "../text/wording.ts";
import {
  isComposeService,
  objectOf,
  startOfName,
  type SourcePosition,
} from "../verify/sourcePosition.ts";
import type { MissingQuantity } from "../verify/quantity.ts";
import { Field } from "../verify/read/objects/field.ts";

/** What is missing, asked once for all objects that lack it. */
export interface Question {
  readonly what: string;
  readonly remedy: string;
  /** At least one. */
  readonly places: readonly SourcePosition[];
  /** `--annotate '…'`, ready to copy: together they answer it for all objects. */
  readonly options: readonly string[];
  readonly assumed?: number;
}

/**
 * Questions that differ only in the object and the container that they name are one, also where each
 * has a variable of its own with the same in it.
 */
export function groupedQuestions(missing: readonly MissingQuantity[]): readonly Question[] {
  const groups = Map.groupBy(missing, (one) => {
    const { answer, assumed, place } = one;
    const container = containerOf(place);
    const form = answer?.value.replace(/^.*=(?=N$)/, "") ?? "";
    const isOwn = container !== undefined && form.startsWith(`${container}=`);
    const value = isOwn ? form.slice(container.length + 1) : form;
    const texts = [one.what, one.remedy].map((text) => reasonIn(text, place));
    return JSON.stringify([texts, answer?.annotation, value, assumed]);
  });
  return [...groups.values()].flatMap((equal) => {
    const [first] = equal;
    if (first === undefined) return [];
    const { what, remedy, assumed } = first;
    const isOne = equal.length === 1;
    return {
      what: isOne ? what : sharedText(equal.map((one) => [one.what, one.place])),
      remedy: isOne ? remedy : sharedText(equal.map((one) => [one.remedy, one.place])),
      places: equal.map((one) => one.place),
      options: optionsOf(equal),
      ...(assumed !== undefined && { assumed }),
    };
  });
}

/** The option that answers one question: `--annotate '…'`. */
export function optionOf(question: MissingQuantity): string | undefined {
  return optionsOf([question])[0];
}

/** The variable that a question begins with. */
const VARIABLE = /(?<=^where )[A-Z][A-Z0-9_]*(?= of )/;

/** The Secret before the value of a store that a template puts into it. */
const SECRET = /\bSecret [\w.-]+\/[\w.-]+ (\{\{.*?\}\})/g;

/** What a container takes variables from that were not given. */
const NOT_GIVEN = /(?<=: )[^:]+(?= may say it, and is not among the objects$)/;

/** The text without any name of its own: what is hidden alike has the same. */
function reasonIn(text: string, place: SourcePosition): string {
  return withoutNames(text, place)
    .replaceAll(`its ${place.object.kind}`, "its object")
    .replace(VARIABLE, "a variable")
    .replaceAll(SECRET, "$1 of its Secret")
    .replace(NOT_GIVEN, "what it takes variables from");
}

/** What equal questions say, with all kinds of their objects and all their variables. */
function sharedText(equal: readonly (readonly [string, SourcePosition])[]): string {
  const texts = equal.map(([text, place]) => withoutNames(text, place));
  const [first = ""] = texts;
  if (texts.every((text) => text === first)) return first;
  const kinds = [...new Set(equal.map(([, { object }]) => object.kind))];
  const variables = [...new Set(equal.flatMap(([text]) => VARIABLE.exec(text)?.[0] ?? []))];
  const [own = ""] = variables;
  const [reason = ""] = equal.map(([text, place]) => reasonIn(text, place));
  return reason
    .replaceAll("its object", `its ${orList(kinds)}`)
    .replace(
      /(?<=^where )a variable(?= of )/,
      variables.length > 1 ? `a variable (${listed(variables)})` : own,
    );
}

/** The text without the names of the object and the container that it is about. */
function withoutNames(text: string, place: SourcePosition): string {
  const container = containerOf(place);
  const { kind, name, namespace } = place.object;
  const general = renamed(text, objectOf(place), `its ${kind}`).replace(RENDER, (command) =>
    command
      .split(" ")
      .map((word) => ({ [namespace]: "NAMESPACE", [name]: "NAME" })[word] ?? word)
      .join(" "),
  );
  if (container === undefined) return general;
  return renamed(general, `container ${container}`, "its container").replaceAll(
    `"${container}=`,
    '"',
  );
}

/** The command that renders an object, in a remedy. */
const RENDER = /(?<=it makes too \()[^)]*/;

/** The text with another name, but where it is only the beginning of a longer name. */
function renamed(text: string, name: string, other: string): string {
  const [first = "", ...rest] = text.split(name);
  return rest.reduce(
    (done, part) => `${done}${/^[-\w./]/.test(part) ? name : other}${part}`,
    first,
  );
}

/** The name of the container that a place is in. */
function containerOf(place: SourcePosition): string | undefined {
  const { object, path } = place;
  // A service's container is called as the service.
  if (isComposeService(place)) return object.name;
  const list = path.findIndex((part) => part === "containers" || part === "initContainers");
  return list === -1 ? undefined : Field.of(object).text(...path.slice(0, list + 2), "name");
}

/** The most names in one option: it stays a line that a person can copy. */
const NAMES_MAX = 40;

/** One option for all objects of one kind, namespace and answer, its containers together. */
function optionsOf(equal: readonly MissingQuantity[]): readonly string[] {
  const byObject = Map.groupBy(
    equal.filter(({ answer }) => answer !== undefined),
    ({ answer }) => answer?.object ?? "",
  );
  const answers = [...byObject].map(([object, own]) => {
    // Programs that differ have numbers of their own.
    const programs = own.flatMap(({ answer, assumed }) =>
      assumed === undefined && /(?:^|=)N$/.test(answer?.value ?? "") ? (answer?.program ?? []) : [],
    );
    // What is assumed is confirmed as it is.
    const values = own.map(({ answer, assumed }) =>
      (answer?.value ?? "").replace(/(?<=^|=)N$/, `${assumed ?? "N"}`),
    );
    const start = startOfName(object);
    const setting = `${own[0]?.answer?.annotation}=${[...new Set(values)].join(",")}`;
    return { namespace: object.slice(0, start), name: object.slice(start), setting, programs };
  });
  const groups = Map.groupBy(answers, ({ namespace, setting, programs }) =>
    JSON.stringify([namespace, setting, programs]),
  );
  return [...groups.values()].flatMap((same) => {
    const { namespace = "", setting = "" } = same[0] ?? {};
    const names = [...new Set(same.map(({ name }) => name))];
    const parts = Array.from({ length: Math.ceil(names.length / NAMES_MAX) }, (_, index) =>
      names.slice(index * NAMES_MAX, (index + 1) * NAMES_MAX).join(","),
    );
    return parts.map((part) => `--annotate '${namespace}${part}:${setting}'`);
  });
}
