import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { runToEnd } from "../tools/processes/runToEnd.ts";
import { scratchDir } from "../tools/processes/scratch.ts";

const { scripts } = z
  .object({ scripts: z.object({ start: z.string() }) })
  .parse(JSON.parse(readFileSync("package.json", "utf8")));

it.each([
  ["the example", undefined, "10 servers, 100 of 190 client connections"],
  ["the fleet of WEIR_FLEET", "examples/incident-observed.yaml", "10 servers, 190 of 190"],
])("`npm start` shows the sum of %s, of which it writes the manifests", async (_, fleet, sum) => {
  const programs = await scratchDir("programs");
  // Stands for the generator, which has tests of its own.
  writeFileSync(join(programs, "cdk8s"), "#!/bin/sh\n", { mode: 0o755 });
  const { stdout } = await runToEnd("sh", ["-c", scripts.start], {
    env: {
      ...process.env,
      WEIR_FLEET: fleet,
      PATH: `${programs}:node_modules/.bin:${process.env["PATH"]}`,
    },
  });
  expect(stdout).toContain(sum);
});
