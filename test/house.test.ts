import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";

import { importsIn } from "./imports.ts";

/**
 * The rules of the house, held against the code: who may import whom, what is pure, and what no
 * file may be. The table is that of docs/architecture.md.
 */

interface Place {
  /** Files below this folder; the longest match counts. */
  readonly folder: string;
  readonly mayImport: readonly string[];
  /** No node:* module, no clock, no randomness, no network. */
  readonly pure: boolean;
}

const TABLE: readonly Place[] = [
  { folder: "src/api", mayImport: ["zod", "yaml", "js-yaml"], pure: true },
  { folder: "src/budget", mayImport: ["src/api"], pure: true },
  { folder: "src/pgbouncer", mayImport: ["src/api", "src/budget"], pure: true },
  {
    folder: "charts",
    mayImport: ["src/api", "src/budget", "src/pgbouncer", "cdk8s", "cdk8s-plus-27", "constructs"],
    pure: true,
  },
  {
    folder: "charts/main.ts",
    mayImport: ["charts", "src/api", "src/budget", "src/files", "node:*"],
    pure: false,
  },
  { folder: "src/files", mayImport: ["node:*"], pure: false },
  { folder: "src/kube", mayImport: ["@kubernetes/client-node", "undici", "node:*"], pure: false },
  {
    folder: "src/audit",
    mayImport: ["src/api", "src/budget", "src/pgbouncer", "yaml"],
    pure: true,
  },
  {
    folder: "src/audit/live",
    mayImport: ["src/audit", "src/api", "src/budget", "src/pgbouncer", "src/kube", "pg", "node:*"],
    pure: false,
  },
  {
    folder: "src/compose",
    // Of the charts what knows nothing of Kubernetes' objects.
    mayImport: [
      "src/api",
      "src/budget",
      "src/pgbouncer",
      "charts/contentHash.ts",
      "charts/environment.ts",
      "charts/header.ts",
      "charts/pgbouncerFiles.ts",
      "charts/pgbouncerPaths.ts",
      "charts/planned.ts",
      "charts/tryoutFiles.ts",
      "charts/tryouts.ts",
      "charts/yaml.ts",
    ],
    pure: true,
  },
  // The one file there that talks to a PgBouncer.
  {
    folder: "src/pgbouncer/console.ts",
    mayImport: ["src/pgbouncer", "src/api", "pg", "node:*"],
    pure: false,
  },
  {
    folder: "src/operator",
    mayImport: [
      "src",
      "charts",
      "hono",
      "@hono/node-server",
      "@modelcontextprotocol/client",
      "pg",
      "pino",
      "prom-client",
      "undici",
      "node:*",
    ],
    pure: false,
  },
  // What is read and what is said of it, as data, and the decisions between the two.
  ...["src/operator/snapshot.ts", "src/operator/judgement.ts"].map((folder) => ({
    folder,
    mayImport: ["src/api", "src/audit/live.ts"],
    pure: true,
  })),
  {
    folder: "src/operator/decide",
    mayImport: [
      "src/api",
      "src/budget",
      "src/pgbouncer",
      "src/operator/judgement.ts",
      "src/operator/snapshot.ts",
    ],
    pure: true,
  },
  { folder: "src/cli", mayImport: ["*"], pure: false },
  {
    // As a user's server would be: nothing of weir but the pool library.
    folder: "examples/writing-servers",
    mayImport: [
      "@weir-dev/pool",
      "@modelcontextprotocol/server",
      "@hono/node-server",
      "hono",
      "pg",
      "pino",
      "prom-client",
      "zod",
      "node:*",
    ],
    pure: false,
  },
  // What a server installs: not a word of weir's own.
  { folder: "pool", mayImport: ["pg", "node:*"], pure: false },
  ...["backoff", "metricsText", "nextStep", "refusal", "settings", "unanswered", "waitTimes"].map(
    (name) => ({ folder: `pool/${name}.ts`, mayImport: ["pool"], pure: true }),
  ),
];

/** What a pure file can't have in it: names through which the world outside is reached. */
const IMPURE =
  /\b(?:Date\.now|new Date\(\)|Math\.random|performance\.\w+|process\.\w+|setTimeout|setInterval|fetch\(|crypto\.\w*|console\.\w+)/g;

/** What is left out of a run, and not seen to be. */
const LEFT_OUT = /\b(?:it|test|describe)\.(?:skip|only|todo|fails)\b/g;

/** Names of a drawer for odds and ends. */
const DRAWER = /(?:^|\/)(?:utils?|helpers?|common|misc)(?:\/|\.ts$)/;

const LINES_MAX = 400;

const FILES = ["src", "charts", "pool", "test", "examples", "scripts", "tools", "bin"]
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => typescriptBelow(folder));

function typescriptBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/(?:^|\/)(?:node_modules|dist)\//.test(file))
    .map((file) => join(folder, file));
}

function placeOf(file: string): Place | undefined {
  return TABLE.filter(({ folder }) => isBelow(file, folder)).toSorted(
    (a, b) => b.folder.length - a.folder.length,
  )[0];
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** The code without its comments and the texts in it, so that a word in prose is no finding. */
function withoutComments(code: string): string {
  return code.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "$1");
}

/** Module names as written, relative ones as paths from the root. */
function importsOf(file: string, code: string): string[] {
  return importsIn(code).map(({ name }) =>
    name.startsWith(".") ? normalize(join(dirname(file), name)) : name,
  );
}

function mayImport(place: Place, name: string): boolean {
  return [place.folder, ...place.mayImport].some(
    (allowed) =>
      allowed === "*" ||
      isBelow(name, allowed) ||
      (allowed.endsWith("*") && name.startsWith(allowed.slice(0, -1))),
  );
}

/** Each text once. */
function found(code: string, pattern: RegExp): string[] {
  return [...new Set(code.match(pattern))];
}

/** All of it is read once. */
const CODE = new Map(FILES.map((file) => [file, readFileSync(file, "utf8")]));

const PRODUCT = [...CODE].flatMap(([file, code]) => {
  const place = file.endsWith(".test.ts") ? undefined : placeOf(file);
  return place === undefined ? [] : [{ file, code, place }];
});

describe("the import table", () => {
  it("covers every file of src, charts and pool", () => {
    const offenders = FILES.filter(
      (file) => /^(?:src|charts|pool)\//.test(file) && placeOf(file) === undefined,
    ).map((file) => `${file}: no place of the table covers it`);
    expect(offenders).toEqual([]);
  });

  it("has no place without a file, whose rules would hold for nothing", () => {
    const offenders = TABLE.filter(
      ({ folder }) => !PRODUCT.some(({ place }) => place.folder === folder),
    ).map(({ folder }) => `${folder}: the table has it, and no file is there`);
    expect(offenders).toEqual([]);
  });

  it("is kept by every import", () => {
    const offenders = PRODUCT.flatMap(({ file, code, place }) =>
      importsOf(file, code)
        .filter((name) => !mayImport(place, name))
        .map((name) => `${file}: imports ${name}, which ${place.folder} may not`),
    );
    expect(offenders).toEqual([]);
  });

  it("is kept pure where it says so", () => {
    const offenders = PRODUCT.filter(({ place }) => place.pure).flatMap(({ file, code }) =>
      found(withoutComments(code), IMPURE).map((name) => `${file}: is pure, and has ${name}`),
    );
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
