#!/usr/bin/env node
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { fileURLToPath } from "node:url";

// In the repository the sources run as they are; a package has them built, since Node strips no
// types below node_modules.
const source = new URL("../src/cli/main.ts", import.meta.url);
const built = new URL("../dist/src/cli/main.js", import.meta.url);

// The Node that `npm ci` brought into the repository.
const own = new URL("../node_modules/.bin/node", import.meta.url);

const [major, minor] = process.versions.node.split(".").map(Number);
const isNewEnough = major > 22 || (major === 22 && minor >= 19);

if (isNewEnough) {
  nodeModule.enableCompileCache?.();
  const { main, processShell } = await import((existsSync(source) ? source : built).href);
  process.exitCode = await main(process.argv.slice(2), processShell());
} else if (existsSync(own)) {
  const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const weir = spawn(fileURLToPath(own), args, { stdio: "inherit" });
  // A terminal sends Ctrl-C to both.
  process.on("SIGINT", () => undefined);
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => weir.kill(signal));
  weir.on("exit", (code) => {
    process.exitCode = code ?? 1;
  });
} else {
  process.stderr.write(`weir: needs Node 22.19 or newer, and this is ${process.versions.node}\n`);
  process.exitCode = 1;
}
