import { orList } from "./allowed.ts";
import { connectionBudgetSchema, type ConnectionBudget } from "../api/connectionBudget.ts";
import { checkDocument, fieldOf } from "./documentCheck.ts";
import { splitDocuments } from "./documents.ts";
import type { Draft } from "./draft.ts";
import { KINDS } from "../api/fieldSchema.ts";
import type { Fleet } from "../api/fleet.ts";
import { FleetDocument } from "./fleetDocument.ts";
import { checkFleet } from "./fleetRules.ts";
import { mcpServerSchema, type McpServer } from "../api/mcpServer.ts";
import { byPosition, type Problem } from "./problem.ts";
import { readSimpleYaml } from "./simpleYaml.ts";
import { LineTable, type Source } from "./sourceText.ts";

/** A fleet that is well, or everything that is wrong with it. */
export type ReadFleet =
  | { readonly ok: true; readonly fleet: Fleet; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads a fleet from YAML texts: parses, fills in defaults, and checks each object by itself and
 * all of them together. When anything is wrong, all problems of all texts are told, each with its
 * place, in the order of the texts.
 */
export function readFleet(sources: readonly Source[]): ReadFleet {
  const reading = new FleetReading();
  for (const source of sources) reading.add(source);
  return reading.finish();
}

class FleetReading {
  readonly #budgets: Draft<ConnectionBudget>[] = [];
  readonly #servers: Draft<McpServer>[] = [];
  readonly #documents = new Map<Draft<unknown>, FleetDocument>();
  readonly #files: string[] = [];
  readonly #problems: Problem[] = [];
  #complete = true;

  add(source: Source): void {
    const file = source.name;
    this.#files.push(file);
    const text = source.text.startsWith("\ufeff") ? source.text.slice(1) : source.text;
    const lines = new LineTable(text);
    const { documents, problems } = splitDocuments(text);
    for (const { offset, ...said } of problems) {
      this.#problems.push({ file, ...lines.positionAt(offset), ...said });
    }
    if (problems.length > 0) this.#complete = false;
    else if (documents.length === 0) {
      const allowed = `must hold at least one object: ${orList(KINDS)}`;
      this.#problems.push({ file, line: 1, column: 1, found: "found nothing", allowed });
    }
    for (const textDocument of documents) {
      const document = new FleetDocument(file, lines, textDocument);
      if (!this.#readSound(document)) this.#check(document);
    }
  }

  /** Reads an object in which nothing is wrong, quickly; false when it can't tell. */
  #readSound(document: FleetDocument): boolean {
    const value = readSimpleYaml(document.text);
    if (value === undefined) return false;
    if (value["kind"] === "McpServer") {
      const { data } = mcpServerSchema.safeParse(value);
      if (data === undefined) return false;
      this.#keep(this.#servers, data, document);
      return true;
    }
    const { data } = connectionBudgetSchema.safeParse(value);
    if (data === undefined) return false;
    this.#keep(this.#budgets, data, document);
    return true;
  }

  #keep<T extends ConnectionBudget | McpServer>(
    drafts: Draft<T>[],
    object: T,
    document: FleetDocument,
  ): void {
    const {
      kind,
      metadata: { name, namespace },
    } = object;
    const draft = { kind, name, namespace, object };
    drafts.push(draft);
    this.#documents.set(draft, document);
  }

  /** Reads an object of which something may be wrong. */
  #check(document: FleetDocument): void {
    const { draft, problems, mayBeBudget } = checkDocument(document);
    for (const problem of problems) this.#problems.push(problem);
    if (mayBeBudget) this.#complete = false;
    if (draft === undefined) return;
    this.#documents.set(draft, document);
    if (isServer(draft)) this.#servers.push(draft);
    if (isBudget(draft)) this.#budgets.push(draft);
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
    return { ok: true, fleet, warnings: [] };
  }

  #checkTogether(): void {
    const drafts = { budgets: this.#budgets, servers: this.#servers, complete: this.#complete };
    for (const { draft, path, other, found, allowed } of checkFleet(drafts)) {
      const document = this.#documents.get(draft);
      const place = other === undefined ? undefined : this.#documents.get(other);
      if (document === undefined) continue;
      const see = place === undefined ? "" : ` (see ${place.file}:${place.position.line})`;
      this.#problems.push(
        document.problem(document.offsetOf(path, "value"), {
          object: `${draft.kind}/${draft.name}`,
          field: fieldOf(path),
          found,
          allowed: `${allowed}${see}`,
        }),
      );
    }
  }
}

// The kind tells which schema made the object; where that failed, reading it is guarded.
function isServer(draft: Draft<unknown>): draft is Draft<McpServer> {
  return draft.kind === "McpServer";
}

function isBudget(draft: Draft<unknown>): draft is Draft<ConnectionBudget> {
  return draft.kind === "ConnectionBudget";
}
