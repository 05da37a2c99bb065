import { rm } from "node:fs/promises";
import { join } from "node:path";

import * as fc from "fast-check";
import { expect, test } from "vitest";

import { isMapping } from "../../src/json/fields.ts";
import { readYaml } from "../../src/fleet/yaml.ts";
import { arbitraryYaml } from "../fleets/arbitraryYaml.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { API_SERVER_START_TIMEOUT_MS } from "./apiServer.ts";
import { kubectlFor } from "../../tools/cluster/kubectl.ts";

/** An object whose spec is what a text says; nothing when a fleet file may not say so. */
function objectOf(text: string, index: number): { text: string; spec: unknown }[] {
  const head = `apiVersion: weir.dev/v1alpha1\nkind: McpServer\nmetadata: { name: a${index} }\nspec:`;
  const whole = `${head}\n${text.replaceAll(/^/gm, "  ")}\n`;
  const stream = readYaml({ name: "object", text: whole });
  const [document, ...others] = stream.documents;
  if (document === undefined || others.length + stream.problems.length > 0) return [];
  const { root, problems } = document.located;
  const spec = isMapping(root.value) ? root.value["spec"] : undefined;
  return problems.length === 0 && isMapping(spec) ? [{ text: whole, spec }] : [];
}

test(
  "kubectl reads every text that a fleet file may have as it is read here",
  { timeout: API_SERVER_START_TIMEOUT_MS },
  async () => {
    const objects = fc.sample(arbitraryYaml, 4000).flatMap(objectOf);
    expect(objects.length).toBeGreaterThan(300);
    const dir = await scratchDir("kubectl");
    const kubectl = await kubectlFor(join(dir, "no-cluster"), dir);

    const shown = await kubectl(
      ["annotate", "--local", "-f", "-", "-o", 'jsonpath={.spec}{"\\n"}', "weir.dev/seen=true"],
      objects.map((object) => object.text).join("---\n"),
    );
    await rm(dir, { recursive: true });

    expect(shown.stderr).toBe("");
    const lines = shown.stdout.trimEnd().split("\n");
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual(
      objects.map((object) => object.spec),
    );
  },
);
