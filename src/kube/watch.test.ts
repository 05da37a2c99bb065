import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jsonLines } from "./watch.ts";
import { KubeError } from "./refusal.ts";

async function* chunks(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function valuesOf(...parts: readonly Uint8Array[]): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of jsonLines(chunks(...parts))) values.push(value);
  return values;
}

async function read(...texts: readonly string[]): Promise<unknown[]> {
  return valuesOf(...texts.map((text) => Buffer.from(text)));
}

test("every line is a value, wherever the stream is cut into chunks", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.jsonValue()),
      fc.array(fc.nat({ max: 2000 })),
      async (values, cuts) => {
        const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
        const ends = [...cuts, bytes.length].toSorted((a, b) => a - b);
        const parts = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
        const wanted: unknown = JSON.parse(JSON.stringify(values));
        expect(await valuesOf(...parts)).toEqual(wanted);
      },
    ),
  );
});

test("an empty line is none, and a line without an end is dropped", async () => {
  expect(await read('{"a":1}\n\n{"a":', "2}\n", '{"a":3}')).toEqual([{ a: 1 }, { a: 2 }]);
});

test("what is no JSON is reported without a word of it", async () => {
  await expect(read("1\n", "hush\n")).rejects.toThrow(
    new KubeError("a line of the stream is not JSON"),
  );
});

test("a line that never ends is given up", async () => {
  const much = "x".repeat(1024 * 1024);
  await expect(read(...Array.from({ length: 20 }, () => much))).rejects.toThrow(
    new KubeError("a line of the stream has more than 16777216 characters"),
  );
});
