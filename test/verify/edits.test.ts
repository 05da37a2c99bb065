import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import { readFleet } from "../../src/fleet/readFleet.ts";
import { planFleet } from "../../src/budget/planFleet.ts";
import { weir } from "../fleets/fakeShell.ts";
import { goldens } from "../golden/goldens.ts";
import {
  Editor,
  manifestFolder,
  randomFrom,
  texts,
  type Files,
  type Numbers,
} from "./manualEdits.ts";

const FOLDER = manifestFolder();

/** What `weir verify FOLDER` says of these files. */
async function verified(files: Record<string, string>, folder = "manifests") {
  return await weir(["verify", folder, "--output", "json"], { files });
}

describe("what weir wrote", () => {
  it("is proved to fit", async () => {
    const { exitCode, out, err } = await verified(texts(FOLDER));
    expect([exitCode, err]).toEqual([0, ""]);
    expect(JSON.parse(out)).toMatchObject({ verdict: "fits", findings: [], missing: [] });
  });

  test.each(goldens())("is proved to fit: the fleet $name", async ({ files }) => {
    const folder = Object.fromEntries(files.map(({ name, text }) => [`golden/${name}`, text]));
    const { exitCode, out, err } = await verified(folder, "golden");
    expect([exitCode, err, out]).toEqual([0, "", expect.stringContaining('"verdict": "fits"')]);
  });

  const objects = [...FOLDER.values()].flat();
  const inOneFile = (order: typeof objects): Files => new Map([["manifests/all.yaml", order]]);
  const numbered = objects.map(
    (object, index) => [`manifests/${index % 7}/${index}.yml`, [object]] as const,
  );
  const list = { apiVersion: "v1", kind: "List", items: objects };
  test.each<[string, Record<string, string>]>([
    [
      "with its files renamed",
      Object.fromEntries(
        Object.values(texts(FOLDER)).map((text, index) => [`manifests/${99 - index}.yml`, text]),
      ),
    ],
    ["in one file", texts(inOneFile(objects))],
    ["in one file, the last document first", texts(inOneFile(objects.toReversed()))],
    ["with a file for each document", texts(new Map(numbered))],
    ["as a list in JSON, as kubectl prints it", { "manifests/all.json": JSON.stringify(list) }],
    ["as a list in YAML", { "manifests/all.yaml": stringify(list) }],
  ])("is proved to fit %s", async (_, files) => {
    const { exitCode, out } = await verified(files);
    expect([exitCode, out]).toEqual([0, expect.stringContaining('"verdict": "fits"')]);
  });
});

/** The numbers that manifests/ was written from. */
function plannedNumbers(): Numbers {
  const file = new URL("../../examples/writing-servers/fleet.yaml", import.meta.url);
  const read = readFleet([{ name: "fleet.yaml", text: readFileSync(file, "utf8") }]);
  const [budget] = read.ok ? planFleet(read.fleet).budgets : [];
  if (budget === undefined) throw new Error("the example is not valid");
  const { clients, slots, servers } = budget;
  return {
    capacity: clients.capacity,
    processes: slots.processes,
    share: slots.postgres,
    reserve: { ...clients.reserve, maintenanceSlots: slots.maintenance },
    lines: new Map([
      ...servers.map((each) => [each.name, { poolSize: each.slots, clients: each.grant }] as const),
      [
        "maintenance",
        { poolSize: slots.maintenance, clients: clients.reserve.maintenance },
      ] as const,
    ]),
    servers: new Map(
      servers.map(({ name, limit }) => [
        name,
        { line: name, replicas: 1, overlap: true, pool: limit },
      ]),
    ),
  };
}

/** Whether a sum breaks: plain arithmetic, which has seen no manifest. */
function breaks({ capacity, processes, share, reserve, lines, servers }: Numbers): boolean {
  let clients = reserve.consoles + reserve.logins;
  let slots = 0;
  for (const [name, line] of lines) {
    clients += name === "maintenance" ? Math.max(reserve.maintenance, line.clients) : line.clients;
    slots += line.poolSize;
    let pools = 0;
    for (const server of servers.values()) {
      if (server.line === name) pools += server.pool * server.replicas * (server.overlap ? 2 : 1);
    }
    if (pools > line.clients) return true;
  }
  return clients > capacity || processes * slots > share;
}

/** From these every kind of edit breaks something at least once, and at least once does not. */
const SEEDS = Array.from({ length: 50 }, (_, index) => 8000 + index);
const NUMBERS = plannedNumbers();

const EDITS = SEEDS.map((seed, turn) => {
  const editor = new Editor(FOLDER, NUMBERS, randomFrom(seed));
  const { text, fields } = editor.edit(turn);
  const broken = breaks(editor.numbers);
  return { title: `seed ${seed}: ${text}`, fields, files: editor.files, broken };
});

/** With whole titles: those of `$title` are cut short. */
function titled(edits: typeof EDITS) {
  return edits.map((edit) => [edit.title, edit] as const);
}

const NAMED = z.object({ object: z.string(), field: z.string() });
const FINDINGS = z.object({
  findings: z.array(z.object({ message: z.string(), place: NAMED, related: z.array(NAMED) })),
});

describe("what weir wrote, edited by hand", () => {
  it("breaks by a good part of the edits, and by a good part it doesn't", () => {
    const broken = EDITS.filter((edit) => edit.broken).length;
    expect(broken).toBeGreaterThanOrEqual(15);
    expect(EDITS.length - broken).toBeGreaterThanOrEqual(15);
    expect(breaks(NUMBERS)).toBe(false);
  });

  it.each(titled(EDITS))("is broken just when a sum is: %s", async (_, edit) => {
    const { exitCode, out } = await verified(texts(edit.files));
    expect({ exitCode, out }).toMatchObject({ exitCode: edit.broken ? 3 : 0 });
  });

  it.each(titled(EDITS.filter(({ broken }) => broken)))(
    "names what was edited: %s",
    async (_, { files, fields }) => {
      const { findings } = FINDINGS.parse(JSON.parse((await verified(texts(files))).out));
      const named = findings.flatMap(({ place, related }) => [place, ...related]);
      for (const [object, field] of fields) {
        expect(named).toContainEqual({ object, field: expect.stringContaining(field) });
      }
    },
  );
});
