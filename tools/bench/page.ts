import { median, type MeasuredRun } from "./measure.ts";
import { verifyRatio, type VerifyRound } from "./verifyWork.ts";

/** The runs of all contestants on one size of fleet. */
export interface Size {
  readonly servers: number;
  readonly runs: ReadonlyMap<string, readonly MeasuredRun[]>;
}

/** The rounds of `weir verify` and of parsing alone on one text. */
export interface VerifiedText {
  /** What the text is, for people: `the manifests of 500 servers`. */
  readonly name: string;
  /** UTF-16 units. */
  readonly length: number;
  readonly rounds: readonly VerifyRound[];
}

/** docs/benchmarks.md: what was measured, as ratios of one run, and what was to be reached. */
export function benchmarksPage(
  sizes: readonly Size[],
  verified: readonly VerifiedText[],
  machine: string,
): string {
  return `# How fast

Written by \`npm run bench\` on ${machine}. Each figure is the median over whole processes. The programs run by turns (A B C A B C …), and the first round is not counted. A ratio is the median of the ratios of the rounds.

- **weir**: \`node charts/main.ts\`: reads the fleet file, checks it, plans it, and writes the files of \`manifests/\`. A budget has 100 servers. The first round has written the same files already, as in daily work. A first synth takes longer (1.37 times helm, measured once with 1,000 servers).
- **helm**: \`helm template\` (4.3.1) of \`tools/bench/chart\`, which prints the same objects (a test holds both equal) to standard output. helm gets the limits, the ini and its hash as values: it checks nothing and plans nothing.
- **one App**: the same constructs in one cdk8s \`App\`, written by cdk8s.

| servers | weir | helm | one App | weir / helm | one App / weir | weir's peak memory | helm's |
|---:|---:|---:|---:|---:|---:|---:|---:|
${sizes.map(row).join("\n")}

10,000 servers cost ${growth(sizes)} times what 1,000 cost.

weir's time at 1,000 servers has two parts. It takes ${secondsOf(sizes, 10).toFixed(2)} s with 10 servers already, to start Node and to load cdk8s, cdk8s-plus-27 and zod. The other ${(secondsOf(sizes, 1_000) - secondsOf(sizes, 10)).toFixed(2)} s are reading, checking and planning the fleet, building its objects, and writing a file for each server. helm writes no files.

The goals: at most 1.5 times helm's time at 1,000 servers; no slower than helm at 10,000; 10,000 servers cost at most 11 times what 1,000 cost; at least 3 times faster than one App at 1,000.

## Proving manifests

This compares \`weir verify\` of a text with the \`yaml\` library's \`parseAllDocuments\` and \`toJS\` of the same text. Both run by turns within one process. The table shows CPU time.

| manifests | size | weir verify | parsing alone | weir / parsing |
|---|---:|---:|---:|---:|
${verified.map(verifiedRow).join("\n")}

weir made the manifests of the servers. The applications are written as charts write them, a hundred behind one PgBouncer: each is a Deployment, a Service, a ServiceAccount and a ConfigMap.

The goal: a ratio below 2. (weir has a parser of its own for the simple YAML that it and most people write. It gives all other YAML to the library, such as texts of several lines: here a document of each application, and PgBouncer's ini.)
`;
}

function row({ servers, runs }: Size): string {
  const [weir, helm, oneApp] = ["weir", "helm", "one App"].map((name) => runs.get(name) ?? []);
  return `| ${[
    servers.toLocaleString("en"),
    time(weir),
    time(helm),
    time(oneApp),
    ratio(weir, helm),
    ratio(oneApp, weir),
    memory(weir),
    memory(helm),
  ].join(" | ")} |`;
}

function verifiedRow({ name, length, rounds }: VerifiedText): string {
  return `| ${[
    name,
    `${(length / 1e6).toFixed(1)} MB`,
    seconds(median(rounds.map(({ verifyMs }) => verifyMs))),
    seconds(median(rounds.map(({ parseMs }) => parseMs))),
    verifyRatio(rounds).toFixed(2),
  ].join(" | ")} |`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function time(runs: readonly MeasuredRun[] = []): string {
  if (runs.length === 0) return "–";
  return seconds(median(runs.map(({ wallMs }) => wallMs)));
}

function memory(runs: readonly MeasuredRun[] = []): string {
  return `${median(runs.map(({ peakMiB }) => peakMiB)).toFixed(0)} MiB`;
}

function ratio(runs: readonly MeasuredRun[] = [], others: readonly MeasuredRun[] = []): string {
  const ratios = runs.flatMap(({ wallMs }, round) => {
    const other = others[round];
    return other === undefined ? [] : [wallMs / other.wallMs];
  });
  return ratios.length === 0 ? "–" : median(ratios).toFixed(2);
}

function growth(sizes: readonly Size[]): string {
  return (secondsOf(sizes, 10_000) / secondsOf(sizes, 1_000)).toFixed(1);
}

/** weir's median at a size. */
function secondsOf(sizes: readonly Size[], servers: number): number {
  const runs = sizes.find((size) => size.servers === servers)?.runs.get("weir") ?? [];
  return median(runs.map(({ wallMs }) => wallMs)) / 1000;
}
