import { connectionBudgetSchema, type ConnectionBudget } from "../api/connectionBudget.ts";
import { KINDS } from "../api/fieldSchema.ts";
import type { Fleet } from "../api/fleet.ts";
import { mcpServerSchema, type McpServer } from "../api/mcpServer.ts";
import { fieldOf } from "../json/fields.ts";
import { orList } from "../text/wording.ts";
import { draftOf, type Draft } from "./draft.ts";
import { checkFleet } from "./fleetRules.ts";
import { checkDocument, type GivenObject } from "./objectCheck.ts";
import { byPosition, problemText, type Problem } from "./problem.ts";
import { readYaml, type SourceText } from "./yaml.ts";

/** A fleet that is well, or everything that is wrong with it. */
export type ReadFleet =
  | { readonly ok: true; readonly fleet: Fleet }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads a fleet from YAML texts: parses, fills in defaults, and checks each object by itself and
 * all of them together. When anything is wrong, all problems of all texts are returned, each with its
 * place, in the order of the texts.
 */
export function readFleet(sources: readonly SourceText[]): ReadFleet {
  const reading = new FleetReading();
  for (const source of sources) reading.addText(source);
  return reading.finish();
}

/**
 * Reads a fleet from objects that were not written as text: checked and defaulted in the same way.
 * Problems name an object by its place in the list, `objects[3]`, and have no line.
 */
export function readFleetObjects(objects: readonly unknown[]): ReadFleet {
  const reading = new FleetReading();
  for (const [index, object] of objects.entries()) reading.addObject(`objects[${index}]`, object);
  return reading.finish();
}

class FleetReading {
  readonly #budgets: Draft<ConnectionBudget>[] = [];
  readonly #servers: Draft<McpServer>[] = [];
  readonly #given = new Map<Draft<unknown>, GivenObject>();
  readonly #files: string[] = [];
  readonly #problems: Problem[] = [];
  #complete = true;

  addText(source: SourceText): void {
    const file = source.name;
    this.#files.push(file);
    const { lines, documents, problems } = readYaml(source);
    for (const { offset, found, allowed } of problems) {
      this.#problems.push({ file, ...lines.positionAt(offset), found, allowed });
    }
    if (problems.length > 0) this.#complete = false;
    else if (documents.length === 0) {
      const allowed = `must hold at least one object: ${orList(KINDS)}`;
      this.#problems.push({ file, line: 1, column: 1, found: "found nothing", allowed });
    }
    for (const document of documents) this.#read(document.simple, document);
  }

  addObject(file: string, value: unknown): void {
    this.#files.push(file);
    const given: GivenObject = {
      located: { root: { value }, problems: [] },
      problem: (name, problem) => ({ file, ...problemText(name, problem) }),
      reference: file,
    };
    this.#read(value, given);
  }

  /** @param value the object's, where it is known without asking `given`, which may be slow */
  #read(value: unknown, given: GivenObject): void {
    const { kind } = fieldOf(value);
    const schema = kind === "McpServer" ? mcpServerSchema : connectionBudgetSchema;
    const { data } = schema.safeParse(value);
    if (data !== undefined) {
      this.#add(draftOf(data), given);
      return;
    }
    const { draft, problems, mayBeBudget } = checkDocument(given);
    for (const problem of problems) this.#problems.push(problem);
    if (mayBeBudget) this.#complete = false;
    if (draft !== undefined) this.#add(draft, given);
  }

  #add(draft: Draft<unknown>, given: GivenObject): void {
    if (isServer(draft)) this.#servers.push(draft);
    if (isBudget(draft)) this.#budgets.push(draft);
    this.#given.set(draft, given);
  }

  finish(): ReadFleet {
    this.#checkTogether();
    if (this.#problems.length > 0) {
      const inFile = Map.groupBy(this.#problems, ({ file }) => file);
      const problems = [...new Set(this.#files)].flatMap((file) =>
        (inFile.get(file) ?? []).toSorted(byPosition),
      );
      return { ok: false, problems };
    }
    const fleet = {
      budgets: this.#budgets.map(({ object }) => object),
      servers: this.#servers.map(({ object }) => object),
    };
    return { ok: true, fleet };
  }

  #checkTogether(): void {
    const drafts = { budgets: this.#budgets, servers: this.#servers, complete: this.#complete };
    for (const { draft, path, other, found, allowed } of checkFleet(drafts)) {
      const given = this.#given.get(draft);
      const conflicting = other === undefined ? undefined : this.#given.get(other);
      if (given === undefined) continue;
      const see = conflicting === undefined ? "" : ` (see ${conflicting.reference})`;
      const problem = { path, found, allowed: `${allowed}${see}` };
      this.#problems.push(given.problem(`${draft.kind}/${draft.name}`, problem));
    }
  }
}

// The kind says which schema made the object. Where that failed, reading its wrong fields ends a rule.
function isServer(draft: Draft<unknown>): draft is Draft<McpServer> {
  return draft.kind === "McpServer";
}

function isBudget(draft: Draft<unknown>): draft is Draft<ConnectionBudget> {
  return draft.kind === "ConnectionBudget";
}
