import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import { exportsIn, importsIn } from "./imports.ts";
import { roomsTable, ROOM, type RoomRow } from "./rooms.ts";
import { CODE, filesBelow } from "./sources.ts";
import { syntaxOf } from "./syntax.ts";

/**
 * The rules of the house, held against the code: who may import whom, what is pure, and what no
 * file may be. docs/rooms.json is the table of rooms; docs/architecture.md shows it.
 */

const ROOMS = z.array(ROOM).parse(JSON.parse(readFileSync("docs/rooms.json", "utf8")));

/** What a pure file can't have in it: names through which the world outside is reached. */
const IMPURE =
  /(?<!\.)\b(?:process|fetch|crypto|console|globalThis|WebSocket|EventSource|MessageChannel|Worker)\b/g;

/**
 * Names through which a program has the time, waits, or has something by chance. An object that
 * can do more than that is allowed member by member: `const { now } = Date` names none.
 */
const TIME_AND_CHANCE = new RegExp(
  [
    String.raw`\bnew Date(?!\(\s*[^\s).])`,
    String.raw`(?<!\bnew )\bDate\b(?!\.(?:parse|UTC)\b)`,
    String.raw`\bMath\b(?!\.(?!random\b))`,
    String.raw`\bIntl\b(?!\.ListFormat\b)`,
    String.raw`\bglobalThis\b`,
    String.raw`\b(?:AbortSignal\.timeout|= AbortSignal)\b`,
    String.raw`\b(?:Temporal|performance|perf_hooks|hrtime|getRandomValues|webcrypto)\b`,
    String.raw`\bset(?:Timeout|Interval|Immediate)\b`,
    String.raw`\brandom(?:UUID|Bytes|Int)\b`,
  ].join("|"),
  "g",
);

/** Where such a name may stand: in a runtime, and where passwords are made, which no test may foresee. */
const HAVE_TIME_AND_CHANCE: Readonly<Record<string, readonly string[] | "all">> = {
  "src/runtime/runtime.ts": "all",
  "pool/runtime.ts": "all",
  "src/cli/newPassword.ts": ["randomBytes"],
  // Two copies of the library in a process share one pool.
  "pool/pool.ts": ["globalThis"],
};

/** Where a program begins, which hands its environment in to all that needs it. */
const HAVE_ENVIRONMENT = ["src/cli/main.ts", "charts/main.ts", "pool/pool.ts"];

/** `process` other than for a member that is no environment, or its signals: `{ env } = process` too. */
const ENVIRONMENT = /(?<!\bonce\()\bprocess\b(?!\.(?!env\b)\w)/g;

/** What is left out of a run, and not seen to be. */
const LEFT_OUT =
  /\b(?:skip|skipIf|runIf)\b|\.(?:only|todo|fails)\b|\b(?:only|todo|fails): true\b|\b(?:it|test|describe)\[/g;

/** A type that a module declares; what a function declares for itself is indented. */
const DECLARED_TYPE =
  /^(?:export )?(?:default )?(?:declare )?(?:abstract )?(?:interface|type|class|enum) (\w+)/gm;

/** Words in the name of a drawer for odds and ends. */
const DRAWER = ["util", "utils", "helper", "helpers", "common", "misc"];

/** Files that have a row of their own: where a program begins, which may import what its folder may not. */
const ROWS_OF_A_FILE = ["charts/main.ts", "tools/crds.ts"];

const LINES_MAX = 400;

const FILES = [...CODE.keys()];

/** What users install. */
const PRODUCT = /^(?:src|charts|pool)\//;

/** The longest match counts. */
function roomOf(path: string): RoomRow | undefined {
  return ROOMS.filter(({ place }) => isBelow(path, place)).toSorted(
    (a, b) => b.place.length - a.place.length,
  )[0];
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function isOfTests(file: string): boolean {
  return isBelow(file, "test") || file.endsWith(".test.ts");
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

/** The words of a path: `src/text/stringUtils.ts` has `utils`. */
function wordsOf(path: string): readonly string[] {
  return path.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/).map((word) => word.toLowerCase());
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
  "src/kube/apply.ts: applyObject": "the version of the operator that enforces the sum",
};

const PLACED = [...CODE].flatMap(([file, code]) => {
  const room = file.endsWith(".test.ts") ? undefined : roomOf(file);
  return room === undefined ? [] : [{ file, code, room, names: importsOf(file, code) }];
});

/** Of what users install. */
const PRODUCT_FILES = PLACED.filter(({ file }) => PRODUCT.test(file)).map((placed) => ({
  ...placed,
  ...syntaxOf(placed.code),
}));

describe("the table of rooms", () => {
  it("covers every file of src, charts, pool and tools", () => {
    const offenders = FILES.filter(
      (file) => /^(?:src|charts|pool|tools)\//.test(file) && roomOf(file) === undefined,
    ).map((file) => `${file}: no place of the table covers it`);
    expect(offenders).toEqual([]);
  });

  it("is of TypeScript alone, which the rules here read", () => {
    const offenders = ["src", "charts", "pool"]
      .flatMap((folder) => filesBelow(folder))
      .filter((file) => /\.(?:[cm]?jsx?|[cm]ts|tsx)$/.test(file))
      .map((file) => `${file}: is no .ts, and no rule would hold for it`);
    expect(offenders).toEqual([]);
  });

  it("has a row for a folder, and for a file only where a program begins", () => {
    const files = ROOMS.map(({ place }) => place).filter((place) => place.endsWith(".ts"));
    expect(files.toSorted()).toEqual(ROWS_OF_A_FILE);
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

  it("sees every import of the product", () => {
    const offenders = PRODUCT_FILES.flatMap(({ file, code, modules }) => {
      const names = importsIn(code).map(({ name }) => name);
      return modules
        .filter((name) => !names.includes(name))
        .map((name) => `${file}: imports ${name} in a way that test/imports.ts does not read`);
    });
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
    const offenders = PRODUCT_FILES.filter(({ file, room }) => isPure(room, file)).flatMap(
      ({ file, alone }) =>
        [...found(alone, IMPURE), ...found(alone, TIME_AND_CHANCE)].map(
          (name) => `${file}: is pure, and has ${name}`,
        ),
    );
    expect(offenders).toEqual([]);
  });

  it("has one way to time and chance", () => {
    const offenders = PRODUCT_FILES.flatMap(({ file, alone, names }) => {
      const allowed = HAVE_TIME_AND_CHANCE[file] ?? [];
      const timers = names.filter((name) => /^node:(?:timers|perf_hooks)/.test(name));
      return [...found(alone, TIME_AND_CHANCE), ...timers]
        .filter((name) => allowed !== "all" && !allowed.includes(name))
        .map((name) => `${file}: has ${name}, which a runtime is there for`);
    });
    expect(offenders).toEqual([]);
  });

  it("reads the environment only where a program begins", () => {
    const readers = PRODUCT_FILES.filter(({ alone }) => found(alone, ENVIRONMENT).length > 0).map(
      ({ file }) => file,
    );
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
    for (const [, name = ""] of code.matchAll(DECLARED_TYPE)) {
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
      by.every((each) => isOfTests(each)) &&
      [...syntaxOf(CODE.get(file) ?? "").alone.matchAll(new RegExp(`\\b${name}\\b`, "g"))]
        .length === 1,
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
  it(`has at most ${LINES_MAX} lines`, () => {
    const offenders = [...CODE]
      .map(([file, code]) => ({ file, lines: code.split("\n").length - 1 }))
      .filter(({ lines }) => lines > LINES_MAX)
      .map(({ file, lines }) => `${file}: has ${lines} lines, ${LINES_MAX} at most`);
    expect(offenders).toEqual([]);
  });

  it("is no drawer for odds and ends", () => {
    const offenders = FILES.filter((file) =>
      wordsOf(file).some((word) => DRAWER.includes(word)),
    ).map((file) => `${file}: its name does not say what it tells`);
    expect(offenders).toEqual([]);
  });

  it("skips no test", () => {
    const offenders = [...CODE]
      .filter(([file, code]) => isOfTests(file) && code.search(LEFT_OUT) >= 0)
      .flatMap(([file, code]) =>
        found(syntaxOf(code).alone, LEFT_OUT).map(
          (what) => `${file}: has ${what}, and nothing is left out`,
        ),
      );
    expect(offenders).toEqual([]);
  });
});
