import {
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { MARK } from "../../src/render/manifest.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { cdk8sSynth, contentOf, killedSynth, ROOT, synth } from "./commands.ts";

/** The generator as a process: what it writes, what it leaves alone, how it ends. */

const FLEET = `
apiVersion: weir.dev/v1alpha1
kind: ConnectionBudget
metadata: { name: studio, namespace: writers }
spec:
  postgres:
    host: postgres
    database: stories
    credentialsSecretRef: { name: stories-postgres }
  pgbouncer: { maxClientConn: 40 }
---
apiVersion: weir.dev/v1alpha1
kind: McpServer
metadata: { name: scene, namespace: writers }
spec: { budgetRef: { name: studio }, image: example/scene:1, port: 3005 }
---
apiVersion: weir.dev/v1alpha1
kind: McpServer
metadata: { name: review, namespace: writers }
spec: { budgetRef: { name: studio }, image: example/review:1, port: 3007 }
`;

const FILES = [
  "00-namespaces.yaml",
  "10-writers.studio-pgbouncer.yaml",
  "20-writers.review.yaml",
  "20-writers.scene.yaml",
];
const OPERATOR = ["operator", "operator/weir-operator.yaml"];

let dir: string;
let manifests: string;

beforeEach(async () => {
  dir = await scratchDir("synth");
  manifests = join(dir, "manifests");
  await writeFile(join(dir, "fleet.yaml"), FLEET);
});

const OWN = { WEIR_FLEET: "fleet.yaml" };

describe("a fleet that fits", () => {
  it("is written to manifests/, which anybody may read, and nothing else is left", async () => {
    expect(await synth(dir, OWN)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(Object.keys(await contentOf(manifests)).toSorted(byText)).toEqual([
      ...FILES,
      ...OPERATOR,
    ]);
    expect(await readdir(dir)).toEqual(["fleet.yaml", "manifests"]);
    expect((await stat(manifests)).mode & 0o777).toBe(0o777 & ~process.umask());
  });

  it("is written the same again, and what did not change stays the same file", async () => {
    await synth(dir, OWN);
    const first = await contentOf(manifests);
    const { mtimeMs } = await stat(join(manifests, "20-writers.scene.yaml"));
    await writeFile(join(dir, "fleet.yaml"), FLEET.replace("review:1", "review:2"));
    await synth(dir, OWN);
    expect((await stat(join(manifests, "20-writers.scene.yaml"))).mtimeMs).toBe(mtimeMs);
    expect(await contentOf(manifests)).not.toEqual(first);
    await writeFile(join(dir, "fleet.yaml"), FLEET);
    await synth(dir, OWN);
    expect(await contentOf(manifests)).toEqual(first);
  });

  it("takes what weir wrote before away, and keeps what it did not", async () => {
    await synth(dir, OWN);
    await writeFile(join(manifests, "kustomization.yaml"), "resources: []\n");
    await mkdir(join(manifests, "patches"));
    await writeFile(join(manifests, "patches/one.yaml"), "a: 1\n");
    await symlink("../fleet.yaml", join(manifests, "fleet.yaml"));
    await writeFile(join(manifests, "20-writers.mine.yaml"), "b: 2\n");
    await writeFile(join(manifests, "operator/mine.yaml"), "c: 3\n");
    await writeFile(join(manifests, "operator/old.yaml"), `${MARK} before\n`);
    expect(await synth(dir, { ...OWN, WEIR_ACTIVE: "scene" })).toMatchObject({ code: 0 });
    expect(await contentOf(manifests)).toEqual({
      ...(await written("00-namespaces.yaml")),
      ...(await written("10-writers.studio-pgbouncer.yaml")),
      ...(await written("20-writers.scene.yaml")),
      "20-writers.mine.yaml": "b: 2\n",
      "fleet.yaml": "-> ../fleet.yaml",
      "kustomization.yaml": "resources: []\n",
      operator: "/",
      "operator/mine.yaml": "c: 3\n",
      ...(await written("operator/weir-operator.yaml")),
      patches: "/",
      "patches/one.yaml": "a: 1\n",
    });
  });

  it("gives the others what WEIR_ACTIVE takes from those it does not name", async () => {
    await synth(dir, { ...OWN, WEIR_ACTIVE: " scene ,," });
    const ini = await readFile(join(manifests, "10-writers.studio-pgbouncer.yaml"), "utf8");
    expect(ini).toContain("scene = host=postgres");
    expect(ini).not.toContain("review = host=postgres");
  });

  it.each(["", " "])("is whole where WEIR_ACTIVE is %j", async (active) => {
    await synth(dir, { ...OWN, WEIR_ACTIVE: active });
    expect(await readdir(manifests)).toEqual([...FILES, "operator"]);
  });

  it("gets a Postgres for trying out when asked, and loses it when not asked", async () => {
    const tryout = "05-writers.postgres-tryout.yaml";
    await synth(dir, { ...OWN, WEIR_TRYOUT_POSTGRES: "1" });
    expect(await readdir(manifests)).toContain(tryout);
    expect(await readFile(join(manifests, tryout), "utf8")).toContain("Not for data");
    await synth(dir, OWN);
    expect(await readdir(manifests)).not.toContain(tryout);
  });

  it("is written to where manifests/ points", async () => {
    await mkdir(join(dir, "elsewhere"));
    await symlink("elsewhere", manifests);
    expect(await synth(dir, OWN)).toMatchObject({ code: 0, stderr: "" });
    expect(await readdir(join(dir, "elsewhere"))).toEqual([...FILES, "operator"]);
    expect(await readdir(dir)).toEqual(["elsewhere", "fleet.yaml", "manifests"]);
  });

  it("says on stderr what breaks no sum", async () => {
    await writeFile(
      join(dir, "fleet.yaml"),
      FLEET.replace("maxClientConn: 40", "maxClientConn: 40, replicas: 1"),
    );
    const { code, stderr } = await synth(dir, OWN);
    expect(code).toBe(0);
    expect(stderr).toContain("one PgBouncer replica");
  });
});

describe("a fleet that can't be written leaves manifests/ as it was", () => {
  const CASES: readonly {
    readonly title: string;
    readonly fleet?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly code: number;
    readonly says: readonly string[];
  }[] = [
    {
      title: "a budget that can't fit",
      fleet: FLEET.replaceAll("port:", "pool: { guaranteed: 8, max: 8 }, port:"),
      code: 3,
      says: [
        "ConnectionBudget writers/studio cannot fit.",
        "Clients: 2 servers need 32 connections, 30 are there: 2 missing.",
        "review: 16 = 8 guaranteed × 2 pods at peak",
        "Any one of these suffices:",
      ],
    },
    {
      title: "several mistakes",
      fleet: FLEET.replace("port: 3005", "port: 0").replace("name: review,", "name: pgbouncer,"),
      code: 2,
      says: ["fleet.yaml:15:68: ", "spec.port: found 0", "McpServer/pgbouncer"],
    },
    { title: "text that is no fleet", fleet: "%%%", code: 2, says: ["fleet.yaml:1:1"] },
    {
      title: "a fleet that is not there",
      env: { WEIR_FLEET: "missing.yaml" },
      code: 2,
      says: ["missing.yaml: there is no such file; WEIR_FLEET names the fleet"],
    },
    {
      title: "an active server that is not there",
      env: { WEIR_ACTIVE: "scene,sceen" },
      code: 2,
      says: ["WEIR_ACTIVE: no server of the fleet is named sceen; did you mean scene?"],
    },
    {
      title: "a wish for a Postgres that says neither yes nor no",
      env: { WEIR_TRYOUT_POSTGRES: "yes" },
      code: 2,
      says: ['WEIR_TRYOUT_POSTGRES: found "yes"; must be 1, 0 or unset'],
    },
    {
      title: "a Postgres that weir can't stand in for",
      fleet: FLEET.replace("host: postgres", "host: db.example.com"),
      env: { WEIR_TRYOUT_POSTGRES: "1" },
      code: 2,
      says: ["ConnectionBudget/studio: spec.postgres.host: found db.example.com"],
    },
  ];

  it.each(CASES)("$title", async ({ fleet, env, code, says }) => {
    await synth(dir, OWN);
    const before = await contentOf(manifests);
    if (fleet !== undefined) await writeFile(join(dir, "fleet.yaml"), fleet);
    const ended = await synth(dir, { ...OWN, ...env });
    expect({ ...ended, stderr: "" }).toEqual({ code, stdout: "", stderr: "" });
    for (const text of says) expect(ended.stderr).toContain(text);
    expect(ended.stderr).not.toMatch(/^\s+at |node:|\.ts:\d/m);
    expect(await contentOf(manifests)).toEqual(before);
    expect(await readdir(dir)).toEqual(["fleet.yaml", "manifests"]);
  });

  it("a folder with the name of one of weir's files", async () => {
    await mkdir(join(manifests, "20-writers.scene.yaml"), { recursive: true });
    expect(await synth(dir, OWN)).toMatchObject({ code: 2 });
    expect(await contentOf(manifests)).toEqual({ "20-writers.scene.yaml": "/" });
  });

  it("a file or a link of somebody else in the place of a folder", async () => {
    await mkdir(manifests);
    await mkdir(join(dir, "elsewhere"));
    for (const make of [
      () => writeFile(join(manifests, "operator"), "mine\n"),
      () => symlink("../elsewhere", join(manifests, "operator")),
    ]) {
      await make();
      const before = await contentOf(manifests);
      const { code, stderr } = await synth(dir, OWN);
      expect(code).toBe(2);
      expect(stderr).toContain(`${join(manifests, "operator")}: weir did not write this file`);
      expect(await contentOf(manifests)).toEqual(before);
      await rm(join(manifests, "operator"));
    }
    expect(await readdir(join(dir, "elsewhere"))).toEqual([]);
  });

  it("a file of somebody else with the name of one of weir's", async () => {
    await mkdir(manifests);
    await writeFile(join(manifests, "20-writers.scene.yaml"), "mine: true\n");
    const { code, stderr } = await synth(dir, OWN);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `${join(manifests, "20-writers.scene.yaml")}: weir did not write this file; give it another name\n`,
    );
    expect(await contentOf(manifests)).toEqual({ "20-writers.scene.yaml": "mine: true\n" });
    expect(await readdir(dir)).toEqual(["fleet.yaml", "manifests"]);
  });
});

it("a synth that was killed between its two renames is made good by the next", async () => {
  await synth(dir, OWN);
  await writeFile(join(manifests, "kustomization.yaml"), "resources: []\n");
  await rename(manifests, join(dir, ".manifests-old-1"));
  expect(await synth(dir, OWN)).toMatchObject({ code: 0 });
  expect(await readdir(manifests)).toEqual([...FILES, "kustomization.yaml", "operator"]);
  expect(await readdir(dir)).toEqual(["fleet.yaml", "manifests"]);
});

it("a synth that was killed right after them is cleared up by the next", async () => {
  await synth(dir, OWN);
  const content = await contentOf(manifests);
  // Of a process that can't be: no Linux has so many.
  await mkdir(join(dir, ".manifests-old-4194305"));
  expect(await synth(dir, OWN)).toMatchObject({ code: 0 });
  expect(await contentOf(manifests)).toEqual(content);
  expect(await readdir(dir)).toEqual(["fleet.yaml", "manifests"]);
});

it("a synth that was killed leaves the old or the new, in its place or set aside, never a mixture", async () => {
  const fleets = [FLEET, FLEET.replaceAll("example/", "other.example/")];
  const contents: Readonly<Record<string, string>>[] = [];
  for (const fleet of fleets) {
    await writeFile(join(dir, "fleet.yaml"), fleet);
    await synth(dir, OWN);
    contents.push(await contentOf(manifests));
  }
  for (let delayMs = 20; delayMs <= 300; delayMs += 20) {
    await writeFile(join(dir, "fleet.yaml"), fleets[(delayMs / 20) % 2] ?? "");
    await killedSynth(dir, delayMs, OWN);
    // Between its two renames the old one has another name, until the next synth.
    const names = await readdir(dir);
    const old = names.find((name) => name.startsWith(".manifests-old-")) ?? "";
    const found = join(dir, names.includes("manifests") ? "manifests" : old);
    expect(contents).toContainEqual(await contentOf(found));
  }
  await synth(dir, OWN);
  expect(await readdir(dir)).toEqual(["fleet.yaml", "manifests"]);
});

describe("npx cdk8s synth", () => {
  beforeEach(async () => {
    await cp(join(ROOT, "cdk8s.yaml"), join(dir, "cdk8s.yaml"));
    await symlink(join(ROOT, "charts"), join(dir, "charts"));
    await symlink(join(ROOT, "src"), join(dir, "src"));
    await symlink(join(ROOT, "node_modules"), join(dir, "node_modules"));
    await cp(join(ROOT, "package.json"), join(dir, "package.json"));
  });

  it("lists the files that it wrote", async () => {
    const { code, stdout } = await cdk8sSynth(dir, [], OWN);
    expect(code).toBe(0);
    expect(stdout).toBe(
      ["Synthesizing application", ...FILES.map((name) => `  - .cdk8s/${name}`), ""].join("\n"),
    );
    expect(await readdir(manifests)).toEqual([...FILES, "operator"]);
  });

  it("prints them when asked", async () => {
    const { stdout } = await cdk8sSynth(dir, ["--stdout"], OWN);
    for (const name of FILES) {
      expect(stdout).toContain(await readFile(join(manifests, name), "utf8"));
    }
    // What is piped into a cluster is the fleet alone.
    expect(stdout).not.toContain("CustomResourceDefinition");
  });

  it("leaves manifests/ as it was when a budget can't fit, and fails", async () => {
    await cdk8sSynth(dir, [], OWN);
    const before = await contentOf(manifests);
    await writeFile(
      join(dir, "fleet.yaml"),
      FLEET.replaceAll("port:", "pool: { guaranteed: 8, max: 8 }, port:"),
    );
    const { code, stderr } = await cdk8sSynth(dir, [], OWN);
    expect(code).toBe(1);
    expect(stderr).toContain("Clients: 2 servers need 32 connections, 30 are there: 2 missing.");
    expect(await contentOf(manifests)).toEqual(before);
  });
});

async function written(name: string): Promise<Record<string, string>> {
  return { [name]: await readFile(join(manifests, name), "utf8") };
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
