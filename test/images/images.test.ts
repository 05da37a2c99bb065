import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

import { runProcess } from "../../tools/processes/processes.ts";
import { isAtLeast } from "../../tools/debian/programs.ts";
import { IMAGES, inRepository, type ImageName } from "../../tools/images/catalog.ts";
import { runContainer } from "./container.ts";
import { imageArchive } from "../../tools/images/imageArchive.ts";
import { imageRoot } from "./imageRoot.ts";
import { logMeasured } from "../measured.ts";

/** The images as they are run: as their own user, on a root file system that can't be written. */

const ENTRYPOINTS: Readonly<Record<ImageName, readonly string[]>> = {
  pgbouncer: ["pgbouncer"],
  postgres: ["entrypoint"],
  weir: ["weir"],
  "writing-servers": ["node"],
};

beforeAll(async () => {
  for (const { name } of IMAGES) await imageRoot(name);
});

describe.each(IMAGES)("$reference", ({ name, reference }) => {
  it("runs as a user that Kubernetes can see is not root", async () => {
    const { config } = await imageRoot(name);
    const { size } = await stat(await imageArchive(name));
    logMeasured(`${reference}: ${(size / 1e6).toFixed(1)} MB`);

    expect(config.User).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(config.Entrypoint).toEqual(ENTRYPOINTS[name]);
  });

  it("has an account for that user, a /tmp, and nothing that runs as another user", async () => {
    const { dir, config } = await imageRoot(name);
    expect(await readFile(join(dir, "etc/passwd"), "utf8")).toContain(`:${config.User}:`);
    expect(await runProcess({ command: "find", args: [dir, "-perm", "/6000"] })).toBe("");
  });
});

describe.each(["weir", "writing-servers"] as const)("the image of %s", (image) => {
  it("has no shell", async () => {
    const { dir } = await imageRoot(image);
    const found = ["-name", "sh", "-o", "-name", "bash", "-o", "-name", "busybox"];
    expect(await runProcess({ command: "find", args: [dir, ...found] })).toBe("");
  });

  it("is run by Node 24 as its own user, who can write to /tmp alone", async () => {
    const code = `
      const tried = (dir) => { try { fs.writeFileSync(dir + "/x", ""); return "written"; } catch (e) { return e.code; } };
      console.log(JSON.stringify({ uid: process.getuid(), groups: process.getgroups(), node: process.versions.node.split(".")[0], root: tried("/"), own: tried(process.cwd()), tmp: tried("/tmp") }));`;
    const said = await runContainer({ image, program: "node", args: ["--eval", code] });
    expect(JSON.parse(said)).toEqual({
      uid: 65532,
      groups: [65532],
      node: "24",
      root: "EROFS",
      own: "EROFS",
      tmp: "written",
    });
  });

  it("has what its package needs to run, and nothing that only its developers need", async () => {
    const { dir } = await imageRoot(image);
    const modules = join(dir, image === "weir" ? "weir" : "app", "node_modules");
    const own = image === "weir" ? "package.json" : "examples/writing-servers/package.json";
    const needed = await namesIn(own, "dependencies");
    const there = async (names: readonly string[]) => {
      const found = await Promise.all(
        names.map((name) =>
          stat(join(modules, name)).then(
            () => [name],
            () => [],
          ),
        ),
      );
      return found.flat();
    };
    expect(await there(needed)).toEqual(needed);
    // Other packages bring @types/node along, which is empty by then.
    const forDevelopers = (await namesIn("package.json", "devDependencies")).filter(
      (each) => !each.startsWith("@types/"),
    );
    expect(await there(forDevelopers)).toEqual([]);
    expect(forDevelopers).toContain("typescript");
  });
});

describe("weir", () => {
  const image = "weir";

  it("says its commands", async () => {
    expect(await runContainer({ image, args: ["--help"] })).toContain("Usage: weir");
  });

  it("plans a fleet as it does outside of the image", async () => {
    const fleet = inRepository("examples/writing-servers/fleet.yaml");
    const outside = await runProcess({
      command: process.execPath,
      args: [inRepository("bin/weir.js"), "plan", fleet, "--output", "json"],
    });
    const args = ["plan", "/fleet.yaml", "--output", "json"];
    const inside = await runContainer({ image, args, mounts: { "/fleet.yaml": fleet } });
    expect(inside).toBe(outside);
  });

  it("has no package that is optional, such as the tool of cdk8s-plus' developers", async () => {
    const { dir } = await imageRoot(image);
    const lock: PackageLock = JSON.parse(await readFile(inRepository("package-lock.json"), "utf8"));
    const optional = Object.keys(lock.packages).filter((path) => lock.packages[path]?.optional);
    const installed: PackageLock = JSON.parse(
      await readFile(join(dir, "weir/node_modules/.package-lock.json"), "utf8"),
    );
    expect(optional).toContain("node_modules/backport");
    expect(Object.keys(installed.packages)).toContain("node_modules/cdk8s-plus-27");
    expect(optional.filter((path) => path in installed.packages)).toEqual([]);
  });

  it("has no tests in it", async () => {
    const { dir } = await imageRoot(image);
    const tests = ["-name", "*.test.ts", "-o", "-name", "golden"];
    expect(await runProcess({ command: "find", args: [join(dir, "weir/src"), ...tests] })).toBe("");
  });

  it("finds every module that any of its sources asks for", async () => {
    // charts/main.ts is a program: it synthesizes when it is loaded.
    const code = `
      const files = ["src", "charts"].flatMap((folder) => fs.readdirSync("/weir/" + folder, { recursive: true }).map((file) => "/weir/" + folder + "/" + file));
      const sources = files.filter((file) => file.endsWith(".ts") && file !== "/weir/charts/main.ts");
      for (const source of sources) await import(source);
      console.log(sources.length);`;
    const args = ["--input-type=module", "--eval", `import fs from "node:fs";${code}`];
    const said = await runContainer({ image, program: "node", args });
    expect(Number(said)).toBeGreaterThan(100);
  });
});

describe("PgBouncer", () => {
  it("is one in which no login can act as another user", async () => {
    const said = await runContainer({ image: "pgbouncer", args: ["--version"] });
    const version = /^PgBouncer (\S+)$/m.exec(said)?.[1] ?? "";
    expect(isAtLeast(version, "1.26.1")).toBe(true);
  });

  it("has the programs that its pod calls", async () => {
    const args = ["-c", "ulimit -n && sleep 0 && exec pgbouncer --help"];
    const said = await runContainer({ image: "pgbouncer", program: "sh", args });
    expect(said).toMatch(/^\d+\n[\s\S]*Usage/);
  });
});

/** The names of the packages that a package.json asks for. */
async function namesIn(file: string, field: "dependencies" | "devDependencies") {
  const json: Record<typeof field, object> = JSON.parse(await readFile(inRepository(file), "utf8"));
  return Object.keys(json[field]);
}

/** npm's, of which packages there are to be, or are, by their paths. */
interface PackageLock {
  readonly packages: Readonly<Record<string, { readonly optional?: boolean }>>;
}
