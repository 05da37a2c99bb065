import { expect, test } from "vitest";
import { readObjects } from "../verify/read/readObjects.ts";
import { placeAsData } from "./proofData.ts";

const LITERAL = `apiVersion: v1
kind: ConfigMap
metadata: { name: pgbouncer, namespace: shop }
data:
  pgbouncer.ini: |
    [databases]
    shop = host=pg pool_size=10
    shop-two = host=pg pool_size=10

    [users]
    shop = pool_size=3

    [pgbouncer]
    max_client_conn = 50
    max_client_conn = 60
`;

const QUOTED = `apiVersion: v1
kind: ConfigMap
metadata: { name: pgbouncer, namespace: shop }
data:
  pgbouncer.ini: "[databases]\\nshop = host=pg\\n"
`;

test.each([
  ["the last line of a key", LITERAL, "max_client_conn", [15, 5]],
  ["a line of [databases]", LITERAL, "[databases] shop pool_size", [7, 5]],
  ["one whose name begins as another's", LITERAL, "[databases] shop-two", [8, 5]],
  ["a line of [users]", LITERAL, "[users] shop pool_size", [11, 5]],
  ["the field, for a key that is not there", LITERAL, "pool_mode", [5, 3]],
  ["the field, where a text has no lines of its own", QUOTED, "[databases] shop", [5, 3]],
])("the place of a key in an ini is %s", (_, text, key, position) => {
  // As in a stream: a document before it.
  const [, object] = readObjects([{ name: "a.yaml", text: `${LITERAL}---\n${text}` }]).objects;
  if (object === undefined) throw new Error("nothing was read");
  const { line, column } = placeAsData({ object, path: ["data", "pgbouncer.ini"], key });
  const before = LITERAL.split("\n").length;
  expect([line - before, column]).toEqual(position);
});
