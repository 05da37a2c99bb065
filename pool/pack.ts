// `npm pack` and `npm publish` run this before and after: what is published is built, and its
// package.json points to what was built. In the repository it points to the source, which Node runs
// as it is; the same field can't do both, and no importer shall need a flag.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const HERE = import.meta.dirname;
const MANIFEST = join(HERE, "package.json");
const KEPT = join(HERE, "package.json.source");

const EXPORTS = {
  ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
  "./package.json": "./package.json",
};

const task = process.argv[2];
if (task === "build") build();
else if (task === "restore") restore();
else throw new Error(`pack.ts build or pack.ts restore, not ${task}`);

function build(): void {
  rmSync(join(HERE, "dist"), { recursive: true, force: true });
  execFileSync("tsc", ["-p", join(HERE, "tsconfig.build.json")], { stdio: "inherit" });
  // A file that is left from a run that was cut short is the source.
  if (!existsSync(KEPT)) copyFileSync(MANIFEST, KEPT);
  const { scripts: _scripts, ...manifest } = JSON.parse(readFileSync(KEPT, "utf8"));
  writeFileSync(MANIFEST, `${JSON.stringify({ ...manifest, exports: EXPORTS }, null, 2)}\n`);
}

function restore(): void {
  renameSync(KEPT, MANIFEST);
}
