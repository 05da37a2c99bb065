import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crdFiles } from "../src/api/crd.ts";

/** Writes crds/ from the schemas: `npm run crds`. test/crds.test.ts checks that it was done. */
mkdirSync("crds", { recursive: true });
for (const { name, text } of crdFiles()) writeFileSync(join("crds", name), text);
