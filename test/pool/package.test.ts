import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { runProcess } from "../../tools/processes/processes.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { startOneLine, type OneLine } from "./oneLine.ts";

/** Packs the library as `npm publish` would, and installs it into an empty project. */

const ROOT = resolve(import.meta.dirname, "../..");
const BIN = join(ROOT, "node_modules/.bin");

let line: OneLine;
let source: string;
let app: string;

/** Runs a program in a folder, with the Node and the npm packages of this repository. */
async function run(folder: string, command: string, ...args: readonly string[]): Promise<string> {
  const { host, port, user, password, database } = line.connection;
  return runProcess({
    command: "env",
    args: ["-C", folder, command, ...args],
    env: {
      PATH: `${BIN}:${process.env["PATH"]}`,
      PGHOST: String(host),
      PGPORT: String(port),
      PGUSER: String(user),
      PGPASSWORD: String(password),
      PGDATABASE: String(database),
      DB_POOL_MAX_PER_SERVER: "2",
      // On a slow machine a login may take longer than a checkout waits by default.
      DB_POOL_CONNECTION_TIMEOUT: "0",
    },
  });
}

beforeAll(async () => {
  line = await startOneLine();
  // A copy, since packing in the checkout would meet whoever imports the source there.
  const copy = await scratchDir("pool-package");
  source = join(copy, "pool");
  await mkdir(source);
  await cp(join(ROOT, "pool"), source, { recursive: true });
  await cp(join(ROOT, "tsconfig.json"), join(copy, "tsconfig.json"));
  await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
  await run(source, "npm", "pack", "--silent", "--pack-destination", copy);
  const [tarball] = (await readdir(copy)).filter((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack made no tarball");

  app = await scratchDir("pool-app");
  await cp(join(import.meta.dirname, "app"), app, { recursive: true });
  const { devDependencies } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const { peerDependencies } = JSON.parse(await readFile(join(ROOT, "pool/package.json"), "utf8"));
  // The oldest that may be used; all else here is tested with the newest.
  const pg = peerDependencies.pg.replace(/^\^/, "");
  await writeFile(
    join(app, "package.json"),
    JSON.stringify({
      private: true,
      type: "module",
      dependencies: { pg, "@weir-dev/pool": `file:${join(copy, tarball)}` },
      devDependencies: { "@types/pg": devDependencies["@types/pg"] },
    }),
  );
  await run(app, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--silent");
});
afterAll(() => line.stop());

describe("the package", () => {
  it("brings JavaScript and types, and nothing else", async () => {
    const folder = join(app, "node_modules/@weir-dev/pool");
    const files = await readdir(folder, { recursive: true });
    expect(files).toContain("dist/index.d.ts");
    expect(files.filter((file) => !/^dist(?:$|\/.*\.(?:js|d\.ts)$)/.test(file)).toSorted()).toEqual(
      ["LICENSE", "README.md", "package.json"],
    );
    const { exports, peerDependencies, dependencies } = JSON.parse(
      await readFile(join(folder, "package.json"), "utf8"),
    );
    expect(exports["."]).toEqual({ types: "./dist/index.d.ts", default: "./dist/index.js" });
    expect(Object.keys(peerDependencies)).toEqual(["@types/pg", "pg"]);
    expect(dependencies).toBeUndefined();
  });

  it("leaves the source as it was", async () => {
    expect(await readFile(join(source, "package.json"), "utf8")).toBe(
      await readFile(join(ROOT, "pool/package.json"), "utf8"),
    );
  });

  it("works from JavaScript, set by the environment alone", async () => {
    expect(await run(app, "node", "main.js")).toContain("2 2 1 1 2 PoolRefused true\n");
  });

  it("says which Node it needs where that is too old", async () => {
    const { engines } = JSON.parse(await readFile(join(source, "package.json"), "utf8"));
    const needed = String(engines.node).replace(/^>=(\d+\.\d+)\.0$/, "Node $1 or later");
    const asNode20 = "data:text/javascript,delete Promise.withResolvers";
    await expect(run(app, "node", "--import", asNode20, "main.js")).rejects.toThrow(
      `BadPoolSetting: @weir-dev/pool needs ${needed}; this process runs in v`,
    );
  });

  it("works from TypeScript, whose compiler knows its types", async () => {
    await writeFile(
      join(app, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          module: "nodenext",
          target: "es2024",
          strict: true,
          exactOptionalPropertyTypes: true,
          types: ["node"],
          outDir: "built",
        },
        include: ["typed.ts"],
      }),
    );
    await run(app, "tsc", "-p", ".");
    expect(await run(app, "node", "built/typed.js")).toContain("2 1 3 max_client_conn function\n");
  });
});
