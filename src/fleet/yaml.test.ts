import { describe, expect, it } from "vitest";
import { DOCUMENTS_MAX, splitDocuments, TEXT_LENGTH_MAX } from "./yaml.ts";

function texts(text: string): string[] {
  return splitDocuments(text).documents.map((document) => document.text);
}

describe("splitDocuments", () => {
  it.each([
    ["a: 1", ["a: 1"]],
    ["a: 1\n---\nb: 2\n", ["a: 1\n", "\nb: 2\n"]],
    ["---\na: 1\n--- # next\nb: 2\n", ["\na: 1\n", "\nb: 2\n"]],
    ["a: 1\r\n---\r\nb: 2\r\n", ["a: 1\r\n", "\r\nb: 2\r\n"]],
    ["---\n---\n# nothing\n---\na: 1\n---\n", ["\na: 1\n"]],
    ["a: 1\n...\n# the end\n---\nb: 2\n...\n", ["a: 1\n", "\nb: 2\n"]],
    ["a: |\n  ---\n  b\n", ["a: |\n  ---\n  b\n"]],
    ["", []],
    ["# nothing\n  \n", []],
  ])("%j has the documents %j", (text, documents) => {
    expect(splitDocuments(text).problems).toEqual([]);
    expect(texts(text)).toEqual(documents);
  });

  it("knows where each document begins", () => {
    const text = "a: 1\n---\nb: 2\n";
    for (const document of splitDocuments(text).documents) {
      expect(text.startsWith(document.text, document.offset)).toBe(true);
    }
  });

  it.each([
    ["--- a: 1\n", 3, 'only a comment may follow "---" on its line'],
    ["a: 1\n---b\n", 8, 'only a comment may follow "---" on its line'],
    ["a: 1\n---#b\n", 8, 'only a comment may follow "---" on its line'],
    ["a: 1\n...\nb: 2\n", 8, 'after "..." a document must begin with "---"'],
    ["%YAML 1.1\n---\na: 1\n", 0, "directives (%) are not allowed"],
  ])("%j has a problem at %i: %s", (text, offset, allowed) => {
    expect(splitDocuments(text).problems).toEqual([{ offset, allowed }]);
  });

  it.each([
    ["a: \0", "U+0000"],
    ["a: \u0007", "U+0007"],
    ["a: 1\rb: 2", "U+000D"],
    ["a: \u0085", "U+0085"],
    ["a: \u2028", "U+2028"],
    ["a: \ufeff", "U+FEFF"],
    ["a: \ufffd", "U+FFFD"],
    ["a: \ud83d", "U+D83D"],
  ])("%j has a character that parsers don't agree about", (text, character) => {
    const { documents, problems } = splitDocuments(text);
    expect(documents).toEqual([]);
    expect(problems.map(({ found }) => found)).toEqual([`found ${character}`]);
  });

  it("allows letters of every language and emoji", () => {
    expect(splitDocuments("# é 日本 😀\na: 1\n").problems).toEqual([]);
  });

  it(`reads ${DOCUMENTS_MAX} documents, and none of a text with one more`, () => {
    expect(texts("a\n---\n".repeat(DOCUMENTS_MAX))).toHaveLength(DOCUMENTS_MAX);
    expect(splitDocuments("a\n---\n".repeat(DOCUMENTS_MAX + 1))).toEqual({
      documents: [],
      problems: [
        {
          offset: 6 * DOCUMENTS_MAX + 2,
          allowed: "a file may have at most 50000 documents: write several files",
        },
      ],
    });
  });

  it("does not begin to read a text that is too long", () => {
    const { documents, problems } = splitDocuments("a".repeat(TEXT_LENGTH_MAX + 1));
    expect(documents).toEqual([]);
    expect(problems.map(({ found }) => found)).toEqual(["found 67108865 characters"]);
  });
});
