import { LineCounter, parseAllDocuments } from "yaml";
import { z } from "zod";
import { fieldOf, isMapping, type Fields } from "../json/fields.ts";
import { USERLIST_KEY } from "../credentials/credentials.ts";
import { PASSWORD_KEY, USERNAME_KEY } from "../credentials/logins.ts";
import { secretKeyOf, type SecretData, type SecretName } from "../credentials/secrets.ts";
import { badInput } from "./shell.ts";

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const TEXT = z.string("must be text: put it in quotes");

/** The data of a Secret, all as base64. */
const DATA = z.object({
  data: entries(TEXT.regex(BASE64, "must be base64")),
  stringData: entries(TEXT.transform((text) => Buffer.from(text).toString("base64"))),
});

function entries<Value extends z.ZodType<string>>(value: Value) {
  const optional = z.exactOptional(value);
  const shape = { [USERNAME_KEY]: optional, [PASSWORD_KEY]: optional, [USERLIST_KEY]: optional };
  return z.object(shape, "must be a mapping").nullish();
}

/**
 * The Secrets of a YAML stream, as `kubectl get secret -o yaml` writes it: by NAMESPACE/NAME, with
 * what weir looks at, in base64.
 *
 * @param file its name for messages; they say where it is wrong and never what stands there
 * @throws Failure (bad input) at the first thing that is not a Secret
 */
export function parseExistingSecrets(text: string, file: string): ReadonlyMap<string, SecretData> {
  const secrets = new Map<string, SecretData>();
  for (const { value, where } of documentsOf(text, file)) {
    for (const object of objectsOf(value, where)) {
      const key = secretKeyOf(nameOf(object, where));
      if (secrets.has(key)) throw badInput(`${where}: Secret ${key} is there twice`);
      secrets.set(key, dataOf(object, `${where}: Secret ${key}`));
    }
  }
  return secrets;
}

function documentsOf(text: string, file: string) {
  const lineCounter = new LineCounter();
  const placeOf = (offset: number) => `${file}:${lineCounter.linePos(offset).line}`;
  // As kubectl reads it: YAML 1.1.
  const documents = parseAllDocuments(text, { prettyErrors: false, lineCounter, version: "1.1" });
  const located = [...documents].map((document) => {
    const where = placeOf(document.contents?.range?.[0] ?? 0);
    const [error] = document.errors;
    // The parser's messages quote what they are about.
    if (error !== undefined) {
      throw badInput(`${placeOf(error.pos[0])}: is not YAML (${error.code})`);
    }
    try {
      return { value: document.toJS() as unknown, where };
    } catch {
      throw badInput(`${where}: has an alias that can not be followed`);
    }
  });
  const filled = located.filter(({ value }) => value !== null);
  // A kubectl that failed in a pipe must not have every password made anew.
  if (filled.length === 0) {
    throw badInput(
      `${file}: holds nothing; where there are no Secrets, kubectl writes an empty List`,
    );
  }
  return filled;
}

function objectsOf(value: unknown, where: string): readonly Fields[] {
  const object = fieldOf(value);
  const { kind, items } = object;
  if (kind === "Secret") return [object];
  if ((kind !== "List" && kind !== "SecretList") || !Array.isArray(items)) {
    throw badInput(`${where}: must be a Secret, or a List of them`);
  }
  return items.map((item: unknown) => {
    // kubectl writes the kind of each, the API server only that of the list.
    if (isMapping(item) && (item["kind"] ?? "Secret") === "Secret") return item;
    throw badInput(`${where}: must be a List of Secrets alone`);
  });
}

function nameOf(object: Fields, where: string): SecretName {
  const { namespace, name } = fieldOf(object, "metadata");
  if (typeof name !== "string" || !NAME.test(name)) {
    throw badInput(`${where}: metadata.name must be the name of a Secret`);
  }
  if (typeof namespace !== "string" || !NAME.test(namespace)) {
    throw badInput(`${where}: metadata.namespace of Secret ${name} must be a namespace`);
  }
  return { namespace, name };
}

function dataOf(object: unknown, where: string): SecretData {
  const { data, error } = DATA.safeParse(object);
  if (error === undefined) return { ...data.data, ...data.stringData };
  const [issue] = error.issues;
  throw badInput(`${where}: ${issue?.path.join(".")} ${issue?.message}`);
}
