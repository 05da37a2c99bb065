import { describe, expect, it } from "vitest";
import { consoleMemory, consolesIn, sameProcesses } from "./consoles.ts";

const name = (digit: number) => `weir-${String(digit).repeat(12)}`;
function row(database: string, application_name: string | null) {
  return { database, application_name };
}

const [A, B, C] = [name(1), name(2), name(3)];

function pooler(key: string, own: readonly string[], listed: readonly string[]) {
  return { name: key, consoles: { own, listed } };
}

describe("sameProcesses", () => {
  it("are those of which one lists the other's console, whichever was asked later", () => {
    expect(sameProcesses([pooler("a", [A], [A]), pooler("b", [B], [A, B])])).toEqual(
      new Map([["b", "a"]]),
    );
    expect(sameProcesses([pooler("a", [A], [A, B]), pooler("b", [B], [B])])).toEqual(
      new Map([["b", "a"]]),
    );
  });

  it("are not those that list their own alone, or consoles that nobody here has", () => {
    expect(sameProcesses([pooler("a", [A], [A, C]), pooler("b", [B], [B, C])])).toEqual(new Map());
  });

  it("are told by the first of them", () => {
    const three = [pooler("a", [A], [A]), pooler("b", [B], [B]), pooler("c", [C], [A, C])];
    expect(sameProcesses(three)).toEqual(new Map([["c", "a"]]));
  });
});

describe("what a watch remembers of its consoles", () => {
  it("is the one that is open and those of the last minute", () => {
    const memory = consoleMemory();
    expect(memory.told()).toEqual({ own: [], listed: [] });
    memory.asked(A, [A], 0);
    memory.asked(B, [B, C], 60_000);
    expect(memory.told()).toEqual({ own: [A, B], listed: [B, C] });
    memory.asked(B, [B], 61_000);
    expect(memory.told()).toEqual({ own: [B], listed: [B] });
  });
});

it("consoles are told from other clients, also with what application_name_add_host adds", () => {
  expect(
    consolesIn([
      row("pgbouncer", B),
      row("pgbouncer", `${A} - 10.0.0.1:5000`),
      row("pgbouncer", "psql"),
      row("pgbouncer", null),
      row("author", C),
    ]),
  ).toEqual([A, B]);
});
