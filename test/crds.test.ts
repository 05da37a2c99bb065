import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { crdFiles } from "../src/api/crd.ts";

it.each(crdFiles())(
  "crds/$name is what the schemas say: else run npm run crds",
  ({ name, text }) => {
    expect(readFileSync(join("crds", name), "utf8")).toBe(text);
  },
);
