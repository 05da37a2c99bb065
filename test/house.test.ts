import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";

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
  /\b(?:Date\.now|new Date\(\)|Math\.random|performance\.\w|process\.\w|setTimeout|setInterval|fetch\(|crypto\.|console\.\w)/;

const FILES = ["src", "charts", "pool", "test", "examples", "scripts", "bin"]
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
  const names = [
    ...code.matchAll(/^(?:import|export)\s[^"'`;]*?\bfrom\s*["']([^"']+)["']/gm),
    ...code.matchAll(/^import\s*["']([^"']+)["']/gm),
    ...code.matchAll(/\bimport\(\s*["']([^"']+)["']/g),
  ].flatMap((match) => match[1] ?? []);
  return names.map((name) => (name.startsWith(".") ? normalize(join(dirname(file), name)) : name));
}

function mayImport(place: Place, name: string): boolean {
  return [place.folder, ...place.mayImport].some(
    (allowed) =>
      allowed === "*" ||
      isBelow(name, allowed) ||
      (allowed.endsWith("*") && name.startsWith(allowed.slice(0, -1))),
  );
}

const PRODUCT = FILES.filter((file) => !file.endsWith(".test.ts") && placeOf(file) !== undefined);

describe("the import table", () => {
  it("covers every file of src, charts and pool", () => {
    const homeless = FILES.filter(
      (file) => /^(?:src|charts|pool)\//.test(file) && placeOf(file) === undefined,
    );
    expect(homeless).toEqual([]);
  });

  it.each(PRODUCT)("%s imports only what its place may", (file) => {
    const place = placeOf(file);
    const imports = importsOf(file, readFileSync(file, "utf8"));
    expect(
      place === undefined ? imports : imports.filter((name) => !mayImport(place, name)),
    ).toEqual([]);
  });

  it.each(PRODUCT.filter((file) => placeOf(file)?.pure))("%s is pure", (file) => {
    expect(withoutComments(readFileSync(file, "utf8"))).not.toMatch(IMPURE);
  });
});

describe("every TypeScript file", () => {
  it.each(FILES)("%s tells one thing: at most 400 lines, no drawer for odds and ends", (file) => {
    expect(readFileSync(file, "utf8").split("\n").length).toBeLessThanOrEqual(401);
    expect(file).not.toMatch(/(?:^|\/)(?:utils?|helpers?|common|misc)(?:\/|\.ts$)/);
  });

  it.each(FILES.filter((file) => file.endsWith(".test.ts")))("%s skips nothing", (file) => {
    expect(readFileSync(file, "utf8")).not.toMatch(
      /\b(?:it|test|describe)\.(?:skip|only|todo|fails)\b/,
    );
  });
});
