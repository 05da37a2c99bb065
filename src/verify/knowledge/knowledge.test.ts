import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { tableText } from "../../../test/verify/products.ts";
import { readKnowledge } from "./knowledge.ts";

const ROW = "{ name: PgCat, images: [pgcat], source: 'https://example.com/pgcat' }";

describe("the tables of knowledge/", () => {
  it("are read, each with rows", () => {
    for (const rows of Object.values(readKnowledge(tableText))) expect(rows).not.toEqual([]);
  });

  it.each(Object.entries(readKnowledge(tableText)))(
    "%s has a row for each name, and a source that is a page of the web",
    (_, rows) => {
      const names = rows.map(({ name }) => name);
      expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
      expect(rows.map(({ source }) => source).filter((url) => !url.startsWith("https://"))).toEqual(
        [],
      );
    },
  );

  it.each(Object.entries(readKnowledge(tableText)))(
    "%s is read as a whole parser reads it",
    (table, rows) => {
      expect(rows).toEqual(parse(tableText(table)));
    },
  );

  it.each([
    ["an unknown field", `[${ROW.replace("images", "image")}]`, /row 1.*image/],
    ["no source", `[${ROW}, { name: PgCat, images: [pgcat] }]`, /row 2, source/],
    ["a wrong row between others", `- &a ${ROW}\n- name: 1\n- *a\n`, /row 2, name/],
    ["no list", ROW, /expected array/],
  ])("with %s are refused, with file and row", (_, text, message) => {
    const textOf = (table: string) => (table === "poolers" ? text : tableText(table));
    expect(() => readKnowledge(textOf)).toThrow(message);
    expect(() => readKnowledge(textOf)).toThrow("knowledge/poolers.yaml");
  });
});
