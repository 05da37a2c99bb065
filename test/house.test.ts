import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import { exportsIn, importsIn } from "./imports.ts";
import { roomsTable, ROOM, type RoomRow } from "./rooms.ts";

/**
 * The rules of the house, held against the code: who may import whom, what is pure, and what no
 * file may be. docs/rooms.json is the table of rooms; docs/architecture.md shows it.
 */

const ROOMS = z.array(ROOM).parse(JSON.parse(readFileSync("docs/rooms.json", "utf8")));

/** What a pure file can't have in it: names through which the world outside is reached. */
const IMPURE = /\b(?:process\.\w+|fetch\(|crypto\.\w*|console\.\w+)/g;

/** Names through which a program has the time, waits, or has something by chance. */
const TIME_AND_CHANCE =
  /\b(?:Date\.now|Date\(\s*\)|new Date(?!\()|Temporal\.Now|performance\.\w+|hrtime|set(?:Timeout|Interval|Immediate)|AbortSignal\.timeout|Math\.random|random(?:UUID|Bytes|Int)\b|getRandomValues)/g;

/** Where such a name may stand: in a runtime, and where passwords are made, which no test may foresee. */
const HAVE_TIME_AND_CHANCE: Readonly<Record<string, readonly string[] | "all">> = {
  "src/runtime/runtime.ts": "all",
  "pool/runtime.ts": "all",
  "src/cli/newPassword.ts": ["randomBytes"],
};

/** Where a program begins, which hands its environment in to all that needs it. */
const HAVE_ENVIRONMENT = ["src/cli/main.ts", "charts/main.ts", "pool/pool.ts"];

/** What is left out of a run, and not seen to be. */
const LEFT_OUT = /\b(?:it|test|describe)\.(?:skip|only|todo|fails)\b/g;

/** A type that a module declares; what a function declares for itself is indented. */
const DECLARED_TYPE =
  /^(?:export )?(?:declare )?(?:abstract )?(?:interface|type|class|enum) (\w+)/gm;

/** Names of a drawer for odds and ends. */
const DRAWER = /(?:^|\/)(?:utils?|helpers?|common|misc)(?:\/|\.ts$)/;

const LINES_MAX = 400;

/** What users install. */
const PRODUCT = /^(?:src|charts|pool)\//;

const FILES = ["src", "charts", "pool", "test", "examples", "tools", "bin"]
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => typescriptBelow(folder))
  .concat("vitest.config.ts");

function typescriptBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/(?:^|\/)(?:node_modules|dist)\//.test(file))
    .map((file) => join(folder, file));
}

/** The longest match counts. */
function roomOf(path: string): RoomRow | undefined {
  return ROOMS.filter(({ place }) => isBelow(path, place)).toSorted(
    (a, b) => b.place.length - a.place.length,
  )[0];
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** The code without its comments and the texts in quotes, so that a word in prose is no finding. */
function codeAlone(code: string): string {
  return code
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/(^|\s)\/\/.*$/gm, "$1")
    .replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""');
}

/** Module names as written, relative ones as paths from the root. */
function importsOf(file: string, code: string): string[] {
  return importsIn(code).map(({ name }) =>
    name.startsWith(".") ? normalize(join(dirname(file), name)) : name,
  );
}

/** What a row must name for an import: the place that covers the file, else the package. */
function namedAs(name: string): string {
  return roomOf(name)?.place ?? name.match(/^(?:@[^/]+\/)?[^/]+/)?.[0] ?? name;
}

function isPure({ place, pure }: RoomRow, file: string): boolean {
  return pure === true || (Array.isArray(pure) && pure.some((name) => file === join(place, name)));
}

/** Each text once. */
function found(code: string, pattern: RegExp): string[] {
  return [...new Set(code.match(pattern))];
}

/** Folders whose programs import of this repository only what stands in these folders. */
const IMPORTS_ONLY: Readonly<Record<string, readonly string[]>> = {
  src: ["src"],
  charts: ["charts", "src"],
  pool: ["pool"],
  tools: ["tools", "src", "charts", "pool"],
};

/** Files whose exports no other file imports, and who takes them instead. */
const TAKEN_FROM_OUTSIDE: Readonly<Record<string, string>> = {
  "charts/index.ts": "people's own cdk8s apps: package.json names it",
  "pool/index.ts": "servers: the package.json of the pool names it",
  "test/preparation/setup.ts": "vitest, by its path",
  "test/tallyReporter.ts": "vitest, by its path",
  "test/package/app/typed.ts": "nobody: a test checks its types as an app of the package",
};

/** Names of the product that only tests import so far, and what they are there for. */
const TAKEN_BY_TESTS: Readonly<Record<string, string>> = {
  "src/cli/main.ts: processShell": "bin/weir.js",
  "src/kube/apply.ts: applyObject": "the version of the operator that enforces the sum",
};

/** All of it is read once. */
const CODE = new Map(FILES.map((file) => [file, readFileSync(file, "utf8")]));

const PLACED = [...CODE].flatMap(([file, code]) => {
  const room = file.endsWith(".test.ts") ? undefined : roomOf(file);
  return room === undefined ? [] : [{ file, code, room, names: importsOf(file, code) }];
});

describe("the table of rooms", () => {
  it("covers every file of src, charts, pool and tools", () => {
    const offenders = FILES.filter(
      (file) => /^(?:src|charts|pool|tools)\//.test(file) && roomOf(file) === undefined,
    ).map((file) => `${file}: no place of the table covers it`);
    expect(offenders).toEqual([]);
  });

  it("has no row without a file, whose rules would hold for nothing", () => {
    const offenders = ROOMS.filter(
      ({ place }) => !PLACED.some(({ room }) => room.place === place),
    ).map(({ place }) => `${place}: the table has it, and no file is there`);
    expect(offenders).toEqual([]);
  });

  it("lets a room import only rooms above it, so that no arrow leads back", () => {
    const offenders = ROOMS.flatMap(({ place, imports }, row) =>
      imports
        .filter((name) => ROOMS.slice(row).some((other) => other.place === name))
        .map((name) => `${place}: may import ${name}, which stands below it`),
    );
    expect(offenders).toEqual([]);
  });

  it("allows nothing that no file does", () => {
    const offenders = ROOMS.flatMap(({ place, imports }) =>
      imports
        .filter(
          (allowed) =>
            !PLACED.some(
              ({ room, names }) =>
                room.place === place && names.some((name) => namedAs(name) === allowed),
            ),
        )
        .map((allowed) => `${place}: may import ${allowed}, and does not`),
    );
    expect(offenders).toEqual([]);
  });

  it("is kept by every import", () => {
    const offenders = PLACED.flatMap(({ file, names, room }) =>
      names
        .filter((name) => ![room.place, ...room.imports].includes(namedAs(name)))
        .map((name) => `${file}: imports ${name}, which ${room.place} may not`),
    );
    expect(offenders).toEqual([]);
  });

  it("lets pure files import pure files only", () => {
    const offenders = PLACED.filter(({ file, room }) => isPure(room, file)).flatMap(
      ({ file, names }) =>
        names
          .filter((name) => {
            const room = roomOf(name);
            return name.startsWith("node:") || (room !== undefined && !isPure(room, name));
          })
          .map((name) => `${file}: is pure, and imports ${name}`),
    );
    expect(offenders).toEqual([]);
  });

  it("is kept pure where it says so", () => {
    const offenders = PLACED.filter(({ file, room }) => isPure(room, file)).flatMap(
      ({ file, code }) =>
        [...found(codeAlone(code), IMPURE), ...found(codeAlone(code), TIME_AND_CHANCE)].map(
          (name) => `${file}: is pure, and has ${name}`,
        ),
    );
    expect(offenders).toEqual([]);
  });

  it("has one way to time and chance", () => {
    const offenders = PLACED.filter(({ file }) => PRODUCT.test(file)).flatMap(
      ({ file, code, names }) => {
        const allowed = HAVE_TIME_AND_CHANCE[file] ?? [];
        const timers = names.filter((name) => name.startsWith("node:timers"));
        return [...found(codeAlone(code), TIME_AND_CHANCE), ...timers]
          .filter((name) => allowed !== "all" && !allowed.includes(name))
          .map((name) => `${file}: has ${name}, which a runtime is there for`);
      },
    );
    expect(offenders).toEqual([]);
  });

  it("reads the environment only where a program begins", () => {
    const readers = PLACED.filter(({ file }) => PRODUCT.test(file))
      .filter(({ code }) => /\bprocess\.env\b/.test(codeAlone(code)))
      .map(({ file }) => file);
    expect(readers.toSorted()).toEqual(HAVE_ENVIRONMENT.toSorted());
  });

  it("is the one that docs/architecture.md shows", () => {
    expect(readFileSync("docs/architecture.md", "utf8")).toContain(roomsTable(ROOMS));
  });
});

it("no program imports tests, and no product imports tools", () => {
  const offenders = Object.entries(IMPORTS_ONLY).flatMap(([folder, allowed]) =>
    [...CODE]
      .filter(([file]) => isBelow(file, folder) && !file.endsWith(".test.ts"))
      .flatMap(([file, code]) =>
        importsIn(code)
          .filter(({ name }) => name.startsWith("."))
          .map(({ name }) => normalize(join(dirname(file), name)))
          .filter((name) => !allowed.some((each) => isBelow(name, each)))
          .map((name) => `${file}: imports ${name}, and ${folder}/ may not`),
      ),
  );
  expect(offenders).toEqual([]);
});

it("no files import each other in a circle", () => {
  const imports = new Map([...CODE].map(([file, code]) => [file, importsOf(file, code)]));
  const finished = new Set<string>();
  const circles: string[] = [];
  const follow = (file: string, path: readonly string[]) => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
    else if (!finished.has(file)) {
      for (const name of imports.get(file) ?? []) follow(name, [...path, file]);
      finished.add(file);
    }
  };
  for (const file of imports.keys()) follow(file, []);
  expect(circles).toEqual([]);
});

it("a type's name stands for one thing in the repository", () => {
  const files = new Map<string, string[]>();
  for (const [file, code] of CODE) {
    for (const [, name = ""] of codeAlone(code).matchAll(DECLARED_TYPE)) {
      files.set(name, [...(files.get(name) ?? []), file]);
    }
  }
  const offenders = [...files]
    .filter(([, declaring]) => declaring.length > 1)
    .map(([name, declaring]) => `${name}: is declared in ${declaring.join(" and ")}`);
  expect(offenders).toEqual([]);
});

describe("an exported name", () => {
  /** The files that import a name, by `FILE: NAME`. */
  const importers = new Map<string, string[]>();
  for (const [file, code] of CODE) {
    // A module as a whole: each of its names that the code has may be meant.
    const words = new Set(code.match(/\w+/g));
    for (const { name, taken } of importsIn(code).filter((each) => each.name.startsWith("."))) {
      const module = normalize(join(dirname(file), name));
      const names = taken ?? exportsIn(CODE.get(module) ?? "").filter((each) => words.has(each));
      for (const each of names) {
        const key = `${module}: ${each}`;
        importers.set(key, [...(importers.get(key) ?? []), file]);
      }
    }
  }
  const exported = [...CODE].flatMap(([file, code]) =>
    exportsIn(code).map((name) => ({
      file,
      name,
      key: `${file}: ${name}`,
      by: importers.get(`${file}: ${name}`) ?? [],
    })),
  );
  const unused = exported.filter(({ by }) => by.length === 0);
  const testedOnly = exported.filter(
    ({ file, name, by }) =>
      TAKEN_FROM_OUTSIDE[file] === undefined &&
      PRODUCT.test(file) &&
      by.length > 0 &&
      by.every((each) => isBelow(each, "test") || each.endsWith(".test.ts")) &&
      [...codeAlone(CODE.get(file) ?? "").matchAll(new RegExp(`\\b${name}\\b`, "g"))].length === 1,
  );

  it("is imported by another file", () => {
    const offenders = unused
      .filter(({ file }) => TAKEN_FROM_OUTSIDE[file] === undefined)
      .map(({ key }) => `${key}: is exported, and no file imports it`);
    expect(offenders).toEqual([]);
  });

  it("of a program is used by more than tests", () => {
    const offenders = testedOnly
      .filter(({ key }) => TAKEN_BY_TESTS[key] === undefined)
      .map(({ key }) => `${key}: only tests use it`);
    expect(offenders).toEqual([]);
  });

  it("is an exception only where it has to be", () => {
    const needed = [...unused.map(({ file }) => file), ...testedOnly.map(({ key }) => key)];
    const offenders = Object.keys({ ...TAKEN_FROM_OUTSIDE, ...TAKEN_BY_TESTS })
      .filter((exception) => !needed.includes(exception))
      .map((exception) => `${exception}: is listed as an exception, and follows the rule`);
    expect(offenders).toEqual([]);
  });
});

describe("every TypeScript file", () => {
  it(`tells one thing: it has at most ${LINES_MAX} lines`, () => {
    const offenders = [...CODE]
      .map(([file, code]) => ({ file, lines: code.split("\n").length - 1 }))
      .filter(({ lines }) => lines > LINES_MAX)
      .map(({ file, lines }) => `${file}: has ${lines} lines, ${LINES_MAX} at most`);
    expect(offenders).toEqual([]);
  });

  it("is no drawer for odds and ends", () => {
    const offenders = FILES.filter((file) => DRAWER.test(file)).map(
      (file) => `${file}: its name does not say what it tells`,
    );
    expect(offenders).toEqual([]);
  });

  it("skips no test", () => {
    const offenders = [...CODE]
      .filter(([file]) => file.endsWith(".test.ts"))
      .flatMap(([file, code]) =>
        found(code, LEFT_OUT).map((what) => `${file}: has ${what}, and nothing is left out`),
      );
    expect(offenders).toEqual([]);
  });
});
