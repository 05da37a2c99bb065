import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { binary } from "../binaries/catalog.ts";
import { runProcess } from "../processes/processes.ts";
import { scratchDir } from "../processes/scratch.ts";
import { fleetText } from "./fleetText.ts";
import { helmValues } from "./helmValues.ts";

/** An object of Kubernetes; a document without content is none. */
const OBJECTS = z
  .looseObject({
    kind: z.string(),
    metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
  })
  .nullable()
  .transform((object) => (object === null ? [] : [object]));

/** Objects of a YAML stream, by kind, namespace and name. */
function objectsIn(text: string): Map<string, unknown> {
  const objects = parseAllDocuments(text).flatMap((document) => OBJECTS.parse(document.toJS()));
  return new Map(
    objects.map((object) => [
      `${object.kind} ${object.metadata.namespace ?? ""}/${object.metadata.name}`,
      object,
    ]),
  );
}

it("prints with helm just the objects that weir prints, so that a race between them is fair", async () => {
  const dir = await scratchDir("chart");
  const text = fleetText(120);
  const values = join(dir, "values.json");
  const fleet = join(dir, "fleet.yaml");
  writeFileSync(values, JSON.stringify(helmValues(text)));
  writeFileSync(fleet, text);
  const helm = await runProcess({
    command: await binary("helm"),
    args: ["template", resolve("tools/bench/chart"), "--values", values],
  });
  // It writes below the folder that it is started in.
  const synth = [
    "-c",
    'cd "$0" && exec "$1" "$2"',
    dir,
    process.execPath,
    resolve("charts/main.ts"),
  ];
  await runProcess({ command: "sh", args: synth, env: { WEIR_FLEET: fleet } });
  const manifests = join(dir, "manifests");
  // Without manifests/operator/, which belongs to no fleet.
  const weir = readdirSync(manifests)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => readFileSync(join(manifests, name), "utf8"))
    .join("---\n");

  const ours = objectsIn(weir);
  expect(ours.size).toBe(2 + 2 * 8 + 120 * 3);
  expect(objectsIn(helm)).toEqual(ours);
});
