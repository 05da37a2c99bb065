import * as fc from "fast-check";
import { expect, test } from "vitest";
import { userlist } from "./userlist.ts";

test("one login a line, by name, quotes doubled and nothing else changed", () => {
  expect(
    userlist([
      { name: "writing", password: String.raw`a"b\c 'd' @/:%` },
      { name: "author", password: " x " },
      { name: 'od"d', password: '"' },
    ]),
  ).toBe(String.raw`"author" " x "
"od""d" """"
"writing" "a""b\c 'd' @/:%"
`);
});

const text = fc.string({ unit: "binary" }).filter((value) => !/[\r\n\0]/.test(value));
const logins = fc.uniqueArray(fc.record({ name: text, password: text }), {
  selector: ({ name }) => name,
});

test("what is read back as PgBouncer reads it is what was written, in any order of the input", () => {
  fc.assert(
    fc.property(logins, (given) => {
      const written = userlist(given);
      expect(userlist(given.toReversed())).toBe(written);
      expect(new Map(read(written))).toEqual(
        new Map(given.map(({ name, password }) => [name, password])),
      );
    }),
  );
});

/** PgBouncer's load_auth_file: two quoted texts a line, a doubled quote is one. */
function read(file: string): (readonly [string, string])[] {
  return [...file.matchAll(/^"((?:[^"]|"")*)" "((?:[^"]|"")*)"$/gm)].map(
    ([, name = "", password = ""]) =>
      [name.replaceAll('""', '"'), password.replaceAll('""', '"')] as const,
  );
}
