import { cp, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Manifest } from "../../src/render/manifest.ts";
import { readFleet } from "../../src/fleet/readFleet.ts";
import { goldenOf, manifestsIn } from "../golden/goldens.ts";
import { runProcess } from "../../tools/processes/processes.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";

/** Builds the package as `npm publish` would, and installs it into an empty cdk8s app. */

const ROOT = resolve(import.meta.dirname, "../..");
const BIN = join(ROOT, "node_modules/.bin");
const PACKED = [
  "bin",
  "charts",
  "knowledge",
  "src",
  "package.json",
  "tsconfig.json",
  "tsconfig.build.json",
];

let app: string;

/** Runs a program in a folder, with the Node and the npm packages of this repository. */
async function run(folder: string, command: string, ...args: readonly string[]): Promise<string> {
  return runProcess({
    command: "env",
    args: ["-C", folder, command, ...args],
    env: { PATH: `${BIN}:${process.env["PATH"]}` },
  });
}

beforeAll(async () => {
  // A copy, since building in the checkout would meet whoever else builds there.
  const source = await scratchDir("package");
  for (const name of PACKED) await cp(join(ROOT, name), join(source, name), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(source, "node_modules"));
  await run(source, "npm", "pack", "--silent", "--pack-destination", source);
  const [tarball] = (await readdir(source)).filter((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack made no tarball");

  app = await scratchDir("app");
  await cp(join(import.meta.dirname, "app"), app, { recursive: true });
  await cp(join(ROOT, "examples/writing-servers/fleet.yaml"), join(app, "fleet.yaml"));
  const { dependencies } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  await writeFile(
    join(app, "package.json"),
    JSON.stringify({
      private: true,
      type: "module",
      dependencies: {
        cdk8s: dependencies.cdk8s,
        constructs: dependencies.constructs,
        weir: `file:${join(source, tarball)}`,
      },
    }),
  );
  await run(app, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--silent");
});

async function synthesized(file: string): Promise<readonly Manifest[]> {
  return manifestsIn({ name: file, text: await readFile(join(app, file), "utf8") });
}

/** What weir itself writes for the app's fleet. */
async function written(): Promise<readonly Manifest[]> {
  const read = readFleet([
    { name: "fleet.yaml", text: await readFile(join(app, "fleet.yaml"), "utf8") },
  ]);
  if (!read.ok) throw new Error("the example is not well");
  return goldenOf("example", read.fleet).manifests;
}

/** What main.js adds to what weir writes. */
const ADDED: ReadonlySet<string> = new Set(["team", "restartPolicyRules"]);

function withoutAdded(manifests: readonly Manifest[]): readonly unknown[] {
  return JSON.parse(JSON.stringify(manifests), (key, value: unknown) =>
    ADDED.has(key) ? undefined : value,
  );
}

describe("an app in JavaScript", () => {
  it("synthesizes what weir itself writes, with what the app adds", async () => {
    await run(app, "node", "main.js");
    const manifests = (await synthesized("out/studio.k8s.yaml")).filter(isWeirs);
    const expected = (await written()).filter(isWeirs);
    expect(withoutAdded(manifests.toSorted(byKey))).toEqual(expected.toSorted(byKey));
    expect(new Set(manifests.map(({ metadata }) => metadata.labels?.["team"]))).toEqual(
      new Set(["writers"]),
    );
    const patched = manifests.filter((each) => JSON.stringify(each).includes("restartPolicyRules"));
    expect(patched.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual([
      "Deployment/author",
    ]);
  });
});

/** Namespaces are the app's own. */
function isWeirs({ kind }: Manifest): boolean {
  return kind !== "Namespace";
}

function byKey(a: Manifest, b: Manifest): number {
  return keyOf(a) < keyOf(b) ? -1 : 1;
}

function keyOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
}

describe("an app in TypeScript", () => {
  it("is checked against the package's types, and runs", async () => {
    await writeFile(
      join(app, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          module: "nodenext",
          target: "es2022",
          strict: true,
          exactOptionalPropertyTypes: true,
          types: ["node"],
          typeRoots: [join(ROOT, "node_modules/@types")],
          outDir: "built",
        },
        include: ["typed.ts"],
      }),
    );
    await run(app, "tsc", "-p", ".");
    expect(await run(app, "node", "built/typed.js")).toBe("10 studio-pgbouncer.writers.svc\n");
    expect(new Set(await readdir(join(app, "typed")))).toEqual(
      new Set(["whole.k8s.yaml", "studio-pgbouncer.k8s.yaml", "scene.k8s.yaml"]),
    );
    const parts = [
      ...(await synthesized("typed/studio-pgbouncer.k8s.yaml")),
      ...(await synthesized("typed/scene.k8s.yaml")),
    ];
    const whole = await synthesized("typed/whole.k8s.yaml");
    expect(parts).toEqual(whole);
  });

  it("says which objects are wrong, and what is missing when a budget can't fit", async () => {
    await expect(runFleet("objects[3].spec.port = 0;")).rejects.toThrow(
      /McpServer\/chapter-planning: spec\.port: found 0/,
    );
    const tooMuch =
      "for (const { kind, spec } of objects) if (kind === 'McpServer') spec.pool = { guaranteed: 20, max: 20 };";
    await expect(runFleet(tooMuch)).rejects.toThrow(/ConnectionBudget writing\/writing cannot fit/);
  });
});

/** Runs an app with the example's objects, changed by a piece of JavaScript. */
async function runFleet(change: string): Promise<string> {
  const code = `
    import { App, Chart, Yaml } from "cdk8s";
    import { Fleet } from "weir";
    const objects = Yaml.load("fleet.yaml");
    ${change}
    new Fleet(new Chart(new App(), "x"), "fleet", { objects });`;
  return run(app, "node", "--input-type=module", "-e", code);
}

it("the package brings the command, built", async () => {
  expect(await run(app, join(app, "node_modules/.bin/weir"), "plan", "fleet.yaml")).toContain(
    "database-admin",
  );
  const { version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  expect(await run(app, join(app, "node_modules/.bin/weir"), "--version")).toBe(`${version}\n`);
});
