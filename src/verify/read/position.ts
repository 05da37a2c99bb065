import { isAlias, isMap, isNode, isScalar, isSeq, parseAllDocuments, type Document } from "yaml";
import type { FieldPath } from "../../api/fieldPath.ts";
import type { LineTable, Position } from "../../fleet/yaml.ts";

/**
 * Finds fields of a document in the text that it stands in. The text is parsed with positions when
 * the first is asked for, and once: most objects are never asked.
 *
 * @returns the place of a field's name; of one that is not there, the nearest around it that is. Of
 *   a line of a text (from 0), where the text is a literal block: |
 */
export function positionIn(
  document: { readonly text: string; readonly offset: number; readonly index: number },
  lines: LineTable,
): (path: FieldPath, textLine?: number) => Position {
  let parsed: Document.Parsed | undefined;
  return (path, textLine) => {
    parsed ??= parse(document.text, document.index);
    const { offset, node } = found(parsed, path);
    const within = textLine === undefined ? undefined : lineOf(node, document.text, textLine);
    return lines.positionAt(document.offset + (within ?? offset));
  };
}

function parse(text: string, index: number): Document.Parsed | undefined {
  const documents: Iterable<Document.Parsed> = parseAllDocuments(text, {
    merge: true,
    prettyErrors: false,
    logLevel: "silent",
  });
  return [...documents][index];
}

/** A field's value, absent where it is not there, and where its name begins. */
interface Found {
  readonly offset: number;
  readonly node?: unknown;
}

function found(document: Document.Parsed | undefined, path: FieldPath): Found {
  let node: unknown = document?.contents;
  let offset = startOf(node) ?? 0;
  for (const segment of path) {
    if (isAlias(node)) node = document === undefined ? undefined : node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === segment);
      if (pair === undefined) return { offset };
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof segment === "number") {
      node = node.items[segment];
      offset = startOf(node) ?? offset;
    } else return { offset };
  }
  return { offset, node };
}

/** Where a line of a literal block begins, its indentation left out: below the line of the |. */
function lineOf(node: unknown, text: string, line: number): number | undefined {
  if (!isScalar(node) || node.type !== "BLOCK_LITERAL") return undefined;
  let offset = startOf(node);
  for (let skipped = 0; skipped <= line && offset !== undefined; skipped += 1) {
    const end = text.indexOf("\n", offset);
    offset = end === -1 ? undefined : end + 1;
  }
  return offset === undefined
    ? undefined
    : offset + (/^ */.exec(text.slice(offset))?.[0].length ?? 0);
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
