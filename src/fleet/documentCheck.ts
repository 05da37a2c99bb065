import { orList } from "./allowed.ts";
import type { Draft } from "./draft.ts";
import { formatPath, type FieldPath } from "../api/fieldPath.ts";
import { isKind, KINDS } from "../api/fieldSchema.ts";
import type { FleetDocument } from "./fleetDocument.ts";
import { found } from "./found.ts";
import { API_VERSION } from "../api/names.ts";
import { didYouMean } from "../text/didYouMean.ts";
import { checkObject } from "./objectCheck.ts";
import { identityOf, isMapping, objectName } from "../api/objectName.ts";
import type { Problem } from "./problem.ts";
import { poisonFields } from "./poisonedFields.ts";

/** What a document holds, read slowly and with all its problems. */
export interface CheckedDocument {
  /** Absent when kind, namespace or name can't be told. */
  readonly draft?: Draft<unknown>;
  readonly problems: readonly Problem[];
  /** It may be a ConnectionBudget, though nobody can tell which. */
  readonly mayBeBudget: boolean;
}

/** Reads a document for its problems: of YAML, of the kind, of the object. */
export function checkDocument(document: FleetDocument): CheckedDocument {
  const { root, problems: yamlProblems } = document.yaml;
  const { value } = root;
  const object = objectName(value);
  const { kind, namespace, name } = identityOf(value);
  const isBroken = yamlProblems.some(({ path }) => path === undefined);
  if (!isKind(kind) && !isBroken) {
    const mayBeBudget = kind === undefined || didYouMean(kind, KINDS) !== undefined;
    return { problems: [unknownKind(document, value)], mayBeBudget };
  }
  const problems = yamlProblems.map(({ offset, path, found: what, allowed }) =>
    document.problem(offset, { object, field: fieldOf(path), found: what, allowed }),
  );
  if (!isKind(kind)) return { problems, mayBeBudget: true };
  const doubtful = yamlProblems.flatMap(({ path }) => (path === undefined ? [] : [path]));
  const checked = isBroken ? undefined : checkObject(kind, value, doubtful);
  for (const { path, at, found: what, allowed } of checked?.problems ?? []) {
    const offset = document.offsetOf(path, at);
    problems.push(document.problem(offset, { object, field: fieldOf(path), found: what, allowed }));
  }
  if (namespace === undefined || name === undefined) return { problems, mayBeBudget: true };
  // Of a document that is not YAML nothing but its name is believed.
  const content =
    checked === undefined ? poisonFields({}, [[]]) : poisonFields(checked.value, checked.unsound);
  return {
    draft: { kind, namespace, name, object: content },
    problems,
    mayBeBudget: false,
  };
}

/** A path as a problem names it; the whole object has none. */
export function fieldOf(path: FieldPath | undefined): string | undefined {
  return path === undefined || path.length === 0 ? undefined : formatPath(path);
}

function unknownKind(document: FleetDocument, value: unknown): Problem {
  const object = objectName(value);
  if (!isMapping(value)) {
    const allowed = `must be a mapping with apiVersion: ${API_VERSION} and kind: ${orList(KINDS)}`;
    return document.problem(document.yaml.root.offset, { found: found(value, []), allowed });
  }
  const path = ["kind"];
  const kind = value["kind"];
  const meant = typeof kind === "string" ? didYouMean(kind, KINDS) : undefined;
  const hint =
    kind === "List"
      ? ": write each of its items as a document of its own, after a line with ---"
      : meant === undefined
        ? ` (apiVersion: ${API_VERSION}); weir verify reads other kinds`
        : `; did you mean ${meant}?`;
  return document.problem(document.offsetOf(path, "value"), {
    object,
    field: "kind",
    found: found(kind, path),
    allowed: `must be ${orList(KINDS)}${hint}`,
  });
}
