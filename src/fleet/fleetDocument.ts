import type { TextDocument } from "./documents.ts";
import type { FieldPath } from "../api/fieldPath.ts";
import { placeOf } from "./locatedValue.ts";
import type { Problem } from "./problem.ts";
import type { LineTable, Position } from "./sourceText.ts";
import { readYamlDocument, type YamlDocument } from "./yamlDocument.ts";

/** A problem without its place. */
export interface Said {
  readonly object?: string | undefined;
  readonly field?: string | undefined;
  readonly found?: string | undefined;
  readonly allowed: string;
}

/** One document of a file: knows how to point at what is in it. */
export class FleetDocument {
  readonly file: string;
  readonly text: string;
  readonly #offset: number;
  readonly #lines: LineTable;
  #yaml: YamlDocument | undefined;

  constructor(file: string, lines: LineTable, document: TextDocument) {
    this.file = file;
    this.text = document.text;
    this.#offset = document.offset;
    this.#lines = lines;
  }

  /** Read with places, when first asked for. */
  get yaml(): YamlDocument {
    return (this.#yaml ??= readYamlDocument(this.text));
  }

  /** A problem at an offset from the beginning of the document. */
  problem(offset: number, { object, field, found, allowed }: Said): Problem {
    return {
      file: this.file,
      ...this.positionAt(offset),
      ...(object === undefined ? {} : { object }),
      ...(field === undefined ? {} : { field }),
      ...(found === undefined ? {} : { found }),
      allowed,
    };
  }

  /** Where a field's name or value stands, from the beginning of the document. */
  offsetOf(path: FieldPath, at: "name" | "value"): number {
    return placeOf(this.yaml.root, path)[at];
  }

  /** Where the object begins. */
  get position(): Position {
    return this.positionAt(this.yaml.root.offset);
  }

  /** The place in the file of an offset from the beginning of the document. */
  positionAt(offset: number): Position {
    return this.#lines.positionAt(this.#offset + offset);
  }
}
