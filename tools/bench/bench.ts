/**
 * Times the whole process that turns a fleet into manifests, beside what a user would pick instead,
 * and writes docs/benchmarks.md. All figures of one size come from one run, in turn.
 *
 *   npm run bench
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { binary } from "../binaries/catalog.ts";
import { scratchDir } from "../processes/scratch.ts";
import { fleetText } from "./fleetText.ts";
import { foreignText } from "./foreignText.ts";
import { helmValues } from "./helmValues.ts";
import { race, type Contestant } from "./measure.ts";
import { benchmarksPage, type Size, type VerifiedText } from "./page.ts";
import { manifestsText, raceVerify } from "./verifyWork.ts";

/** One App is quadratic: at 10,000 servers it would take minutes a run. */
const ONE_APP_SERVERS_MAX = 1_000;

const VERIFY_ROUNDS = 15;

/** 20,250 objects. */
const FOREIGN_APPS = 5_000;
const FOREIGN_ROUNDS = 3;

const PAGE = "docs/benchmarks.md";

const helm = await binary("helm");
const sizes: Size[] = [];
for (const [servers, rounds] of [
  [10, 15],
  [100, 15],
  [1_000, 11],
  [10_000, 5],
] as const) {
  process.stderr.write(`${servers} servers, ${rounds} rounds\n`);
  const contestants = await contestantsFor(servers);
  sizes.push({ servers, runs: await race(contestants, rounds) });
}
const verified = [
  await verifiedText("500 servers in one budget", manifestsText(500), VERIFY_ROUNDS),
  await verifiedText(
    "5,000 applications, 20,250 objects",
    foreignText(FOREIGN_APPS),
    FOREIGN_ROUNDS,
  ),
];
writeFileSync(
  PAGE,
  benchmarksPage(sizes, verified, `${cpus().length} × ${cpus()[0]?.model ?? "CPU"}`),
);
process.stderr.write(`${PAGE} written\n`);

async function verifiedText(name: string, text: string, rounds: number): Promise<VerifiedText> {
  process.stderr.write(`verify, ${name}\n`);
  return { name, length: text.length, rounds: await raceVerify(text, rounds) };
}

async function contestantsFor(servers: number): Promise<readonly Contestant[]> {
  const dir = await scratchDir(`bench-${servers}`);
  const text = fleetText(servers);
  const fleet = join(dir, "fleet.yaml");
  const values = join(dir, "values.json");
  writeFileSync(fleet, text);
  writeFileSync(values, JSON.stringify(helmValues(text)));
  mkdirSync(join(dir, "one-app"));
  const node = { command: process.execPath, cwd: dir };
  const weir = {
    ...node,
    name: "weir",
    args: [resolve("charts/main.ts")],
    env: { WEIR_FLEET: fleet },
  };
  const template = ["template", resolve("tools/bench/chart"), "--values", values];
  const rivals: Contestant[] = [{ name: "helm", command: helm, args: template, cwd: dir }];
  if (servers <= ONE_APP_SERVERS_MAX) {
    const args = [resolve("tools/bench/oneApp.ts"), fleet, join(dir, "one-app")];
    rivals.push({ ...node, name: "one App", args });
  }
  return [weir, ...rivals];
}
