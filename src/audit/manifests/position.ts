import { isAlias, isMap, isNode, isScalar, isSeq, parseAllDocuments, type Document } from "yaml";
import type { FieldPath } from "../../api/fieldPath.ts";
import type { LineTable, Position } from "../../api/sourceText.ts";

/**
 * Finds fields of a document in the text that it stands in. The text is parsed with positions when
 * the first is asked for, and once: most objects are never asked.
 *
 * @returns the place of a field's name; of one that is not there, the nearest around it that is
 */
export function positionIn(
  document: { readonly text: string; readonly offset: number; readonly index: number },
  lines: LineTable,
): (path: FieldPath) => Position {
  let parsed: Document.Parsed | undefined;
  return (path) => {
    parsed ??= parse(document.text, document.index);
    return lines.positionAt(document.offset + offsetOf(parsed, path));
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

function offsetOf(document: Document.Parsed | undefined, path: FieldPath): number {
  let node: unknown = document?.contents;
  let offset = startOf(node) ?? 0;
  for (const segment of path) {
    if (isAlias(node)) node = document === undefined ? undefined : node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === segment);
      if (pair === undefined) return offset;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof segment === "number") {
      node = node.items[segment];
      offset = startOf(node) ?? offset;
    } else return offset;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
