#!/usr/bin/env node
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { fileURLToPath } from "node:url";

// In the repository the sources run as they are; a package has them built, since Node strips no
// types below node_modules.
const source = new URL("../src/cli/main.ts", import.meta.url);
const built = new URL("../dist/src/cli/main.js", import.meta.url);

const [major, minor] = process.versions.node.split(".").map(Number);
const isNewEnough = major > 22 || (major === 22 && minor >= 19);

if (isNewEnough) {
  nodeModule.enableCompileCache?.();
  const { main, processShell } = await import((existsSync(source) ? source : built).href);
  process.exitCode = await main(process.argv.slice(2), processShell());
} else {
  const node = new URL("../node_modules/.bin/node", import.meta.url);
  const instead = existsSync(node)
    ? `: run ${fileURLToPath(node)} ${fileURLToPath(import.meta.url)}`
    : "";
  process.stderr.write(
    `weir: needs Node 22.19 or newer, and this is ${process.versions.node}${instead}\n`,
  );
  process.exitCode = 1;
}
