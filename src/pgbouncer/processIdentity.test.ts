import { describe, expect, it } from "vitest";
import {
  consoleMemory,
  processMemory,
  sameProcesses,
  type AskedAddress,
} from "./processIdentity.ts";

const name = (digit: number) => `weir-${String(digit).repeat(12)}`;

const [A, B, C] = [name(1), name(2), name(3)];

function address(key: string, own: readonly string[], listed: readonly string[]) {
  return { name: key, consoles: { own, listed } };
}

describe("sameProcesses", () => {
  it("are those of which one lists the other's console, whichever was asked later", () => {
    expect(sameProcesses([address("a", [A], [A]), address("b", [B], [A, B])])).toEqual(
      new Map([["b", "a"]]),
    );
    expect(sameProcesses([address("a", [A], [A, B]), address("b", [B], [B])])).toEqual(
      new Map([["b", "a"]]),
    );
  });

  it("are not those that list their own alone, or consoles that nobody here has", () => {
    expect(sameProcesses([address("a", [A], [A, C]), address("b", [B], [B, C])])).toEqual(
      new Map(),
    );
  });

  it("are named by the first of them", () => {
    const three = [address("a", [A], [A]), address("b", [B], [B]), address("c", [C], [A, C])];
    expect(sameProcesses(three)).toEqual(new Map([["c", "a"]]));
  });
});

describe("what is remembered of the consoles of an address", () => {
  it("is the one that is open and those of the last minute", () => {
    const memory = consoleMemory();
    expect(memory.consoles()).toEqual({ own: [], listed: [] });
    memory.answered(A, [A], 0);
    memory.answered(B, [B, C], 60_000);
    expect(memory.consoles()).toEqual({ own: [A, B], listed: [B, C] });
    memory.answered(B, [B], 61_000);
    expect(memory.consoles()).toEqual({ own: [B], listed: [B] });
  });
});

/** One that has its own console, and finds others too. */
function asked(of: string, console: string, others: readonly string[] = []): AskedAddress {
  return {
    key: `key of ${of}`,
    name: of,
    isAvailable: true,
    consoles: { own: [console], listed: [console, ...others] },
  };
}

/** Notes what is there at each of these moments, and says what is known after the last one. */
function after(...moments: readonly (readonly AskedAddress[])[]) {
  const memory = processMemory();
  for (const moment of moments) memory.note(moment);
  return memory.sharedWith(moments.at(-1) ?? []);
}

describe("the memory of addresses that led to one process", () => {
  const [a, b, c] = [asked("a", "1"), asked("b", "2"), asked("c", "3")];

  const bMeetsA = [a, asked("b", "2", ["1"])];
  const once = new Map([["b", "a"]]);

  it("has nothing of what never led to one process", () => {
    expect(after([a, b, c])).toEqual(new Map());
  });

  it("lasts as long as both addresses stay", () => {
    expect(after(bMeetsA)).toEqual(once);
    expect(after(bMeetsA, [a, b])).toEqual(once);
    expect(after(bMeetsA, [a, b], [a, b, c])).toEqual(once);
    expect(after(bMeetsA, [a])).toEqual(new Map());
    expect(after(bMeetsA, [a], [a, b])).toEqual(new Map());
  });

  it("ends where something else is at an address", () => {
    expect(after(bMeetsA, [a, { ...b, key: "another" }])).toEqual(new Map());
  });

  it("names an available one for those that are not", () => {
    expect(after(bMeetsA, [{ ...a, isAvailable: false }, b])).toEqual(new Map([["a", "b"]]));
    // What it listed when it was available last is old.
    const gone = { ...asked("c", "3", ["2"]), isAvailable: false };
    expect(after(bMeetsA, [a, b, gone])).toEqual(once);
  });

  it("takes three for two where two of them never met", () => {
    const cMeetsB = [a, b, asked("c", "3", ["2"])];
    expect(after([...bMeetsA, c], cMeetsB, [a, b, c])).toEqual(once);
    const all = new Map([
      ["b", "a"],
      ["c", "a"],
    ]);
    expect(after([...bMeetsA, c], cMeetsB, [a, b, asked("c", "3", ["1"])], [a, b, c])).toEqual(all);
  });

  it("is not changed by a question", () => {
    const memory = processMemory();
    expect(memory.sharedWith(bMeetsA)).toEqual(new Map());
    memory.note([a, b]);
    expect(memory.sharedWith([a, b])).toEqual(new Map());
  });
});
