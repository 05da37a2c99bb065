#!/usr/bin/env node
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";

// In the repository the sources run as they are; a package has them built, since Node strips no
// types below node_modules.
const source = new URL("../src/cli/main.ts", import.meta.url);
const built = new URL("../dist/src/cli/main.js", import.meta.url);

if (existsSync(source) && !process.features.typescript) {
  process.stderr.write(
    `weir: Node ${process.versions.node} can't run weir's sources; npx weir takes the right one\n`,
  );
  process.exitCode = 1;
} else {
  nodeModule.enableCompileCache?.();
  const { main, processShell } = await import((existsSync(source) ? source : built).href);
  process.exitCode = await main(process.argv.slice(2), processShell());
}
