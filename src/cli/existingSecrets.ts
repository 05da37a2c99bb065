import { LineCounter, parseAllDocuments } from "yaml";
import { fieldOf, isMapping } from "../json/fields.ts";
import { USERLIST_KEY } from "../credentials/credentials.ts";
import { PASSWORD_KEY, USERNAME_KEY } from "../credentials/logins.ts";
import { secretKeyOf, type SecretData, type SecretName } from "../credentials/secrets.ts";
import { EXIT, Failure } from "./shell.ts";

/** All that is looked at in a Secret. */
const KEYS = [USERNAME_KEY, PASSWORD_KEY, USERLIST_KEY];

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The Secrets of a YAML stream, as `kubectl get secret -o yaml` writes it: by NAMESPACE/NAME, with
 * what weir looks at, in base64.
 *
 * @param file its name for messages; they say where it is wrong and never what stands there
 * @throws Failure (bad input) at the first thing that is not a Secret
 */
export function parseExistingSecrets(text: string, file: string): ReadonlyMap<string, SecretData> {
  const secrets = new Map<string, SecretData>();
  for (const { value, line } of documentsOf(text, file)) {
    const where = `${file}:${line}`;
    for (const object of objectsOf(value, where)) {
      const key = secretKeyOf(nameOf(object, where));
      if (secrets.has(key)) throw bad(`${where}: Secret ${key} is there twice`);
      secrets.set(key, dataOf(object, `${where}: Secret ${key}`));
    }
  }
  return secrets;
}

interface Located {
  readonly value: unknown;
  readonly line: number;
}

function documentsOf(text: string, file: string): readonly Located[] {
  const lineCounter = new LineCounter();
  // As kubectl reads it: YAML 1.1.
  const documents = parseAllDocuments(text, { prettyErrors: false, lineCounter, version: "1.1" });
  const located = [...documents].map((document) => {
    const line = lineCounter.linePos(document.contents?.range?.[0] ?? 0).line;
    const [error] = document.errors;
    // The parser's messages quote what they are about.
    if (error !== undefined) {
      throw bad(`${file}:${lineCounter.linePos(error.pos[0]).line}: is not YAML (${error.code})`);
    }
    try {
      return { value: document.toJS() as unknown, line };
    } catch {
      throw bad(`${file}:${line}: has an alias that can not be followed`);
    }
  });
  const filled = located.filter(({ value }) => value !== null);
  // A kubectl that failed in a pipe must not have every password made anew.
  if (filled.length === 0) {
    throw bad(`${file}: holds nothing; where there are no Secrets, kubectl writes an empty List`);
  }
  return filled;
}

function objectsOf(value: unknown, where: string): readonly Readonly<Record<string, unknown>>[] {
  if (!isMapping(value)) throw bad(`${where}: must be a Secret, or a List of them`);
  const { kind, items } = value;
  if (kind === "Secret") return [value];
  if ((kind !== "List" && kind !== "SecretList") || !Array.isArray(items)) {
    throw bad(`${where}: must be a Secret, or a List of them`);
  }
  return items.map((item: unknown) => {
    // kubectl writes the kind of each, the API server only that of the list.
    if (isMapping(item) && (item["kind"] ?? "Secret") === "Secret") return item;
    throw bad(`${where}: must be a List of Secrets alone`);
  });
}

function nameOf(object: Readonly<Record<string, unknown>>, where: string): SecretName {
  const { namespace, name } = fieldOf(object, "metadata");
  if (typeof name !== "string" || !NAME.test(name)) {
    throw bad(`${where}: metadata.name must be the name of a Secret`);
  }
  if (typeof namespace !== "string" || !NAME.test(namespace)) {
    throw bad(`${where}: metadata.namespace of Secret ${name} must be a namespace`);
  }
  return { namespace, name };
}

function dataOf(object: Readonly<Record<string, unknown>>, where: string): SecretData {
  const data = entriesOf(object, "data", where).map(([key, value]) => {
    if (!BASE64.test(value)) throw bad(`${where}: data.${key} must be base64`);
    return [key, value] as const;
  });
  const stringData = entriesOf(object, "stringData", where).map(
    ([key, value]) => [key, Buffer.from(value).toString("base64")] as const,
  );
  return Object.fromEntries([...data, ...stringData]);
}

function entriesOf(
  object: Readonly<Record<string, unknown>>,
  field: "data" | "stringData",
  where: string,
): readonly (readonly [string, string])[] {
  const values = object[field] ?? {};
  if (!isMapping(values)) throw bad(`${where}: ${field} must be a mapping`);
  return KEYS.filter((key) => Object.hasOwn(values, key)).map((key) => {
    const value = values[key];
    if (typeof value === "string") return [key, value] as const;
    throw bad(`${where}: ${field}.${key} must be text: put it in quotes`);
  });
}

function bad(message: string): Failure {
  return new Failure(EXIT.badInput, message);
}
