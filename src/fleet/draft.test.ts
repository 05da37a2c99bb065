import { describe, expect, it } from "vitest";
import { guardWrongFields, unlessWrong } from "./draft.ts";

const OBJECT = { a: { b: 1, c: [{ d: 2 }, { d: 3 }] }, e: 4 };

describe("guardWrongFields", () => {
  const object = guardWrongFields(OBJECT, [["a", "c", 0, "d"], ["x"]]);

  it.each<[string, () => unknown, unknown]>([
    ["a field that is well", () => object.e, 4],
    ["a field beside one that is wrong", () => object.a.b, 1],
    ["an entry beside one that is wrong", () => object.a.c[1]?.d, 3],
    ["the length of a list", () => object.a.c.length, 2],
    ["a field that is wrong", () => object.a.c[0]?.d, undefined],
    ["every entry of a list with a wrong one", () => object.a.c.map(({ d }) => d), undefined],
    ["every value", () => Object.values(guardWrongFields({ a: 1 }, [["a"]])), undefined],
    ["a field that is missing and should be there", () => Reflect.get(object, "x"), undefined],
    [
      "anything of an object that is wrong as a whole",
      () => guardWrongFields(OBJECT, [[]]).e,
      undefined,
    ],
  ])("lets %s be read, or not", (_, compute, value) => {
    expect(unlessWrong(compute)).toEqual(value);
  });

  it("is the value itself where nothing is wrong", () => {
    expect(guardWrongFields(OBJECT, [])).toBe(OBJECT);
  });
});

describe("unlessWrong", () => {
  it("hides no other error", () => {
    expect(() =>
      unlessWrong(() => {
        throw new RangeError("no");
      }),
    ).toThrow(RangeError);
  });
});
