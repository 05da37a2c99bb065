import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

import { binary } from "../../tools/binaries/catalog.ts";
import { runToEnd } from "../../tools/processes/runToEnd.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { ROOT } from "../synth/commands.ts";

/**
 * The commands of a page of docs/: its blocks of `sh`, by the heading that they stand below. They
 * are run as they are written, so that none of them is a guess.
 */
export function shellBlocks(page: string): ReadonlyMap<string, readonly string[]> {
  const blocks = new Map<string, string[]>();
  let heading = "";
  const found = /^##+ (?<heading>.+)$|^```sh\n(?<block>[\s\S]*?)^```$/gm;
  for (const { groups } of readFileSync(join(ROOT, "docs", page), "utf8").matchAll(found)) {
    if (groups?.["heading"] !== undefined) heading = groups["heading"];
    else blocks.set(heading, [...(blocks.get(heading) ?? []), groups?.["block"] ?? ""]);
  }
  return blocks;
}

/** Where the commands of a page run. */
interface ReaderShell {
  /** The current folder. */
  readonly folder: string;
  readonly kubeconfigPath: string;
  /** Programs that a reader has on PATH, beside kubectl. */
  readonly programs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs one block in bash, which ends with the first command that fails.
 *
 * @returns its standard output
 * @throws with all that it said when it fails
 */
export async function runBlock(block: string, shell: ReaderShell): Promise<string> {
  const programs = [await binary("kubectl"), ...(shell.programs ?? [])];
  const path = [...programs.map((program) => dirname(program)), process.env["PATH"]];
  const { code, stdout, stderr } = await runToEnd("bash", ["-euo", "pipefail", "-c", block], {
    cwd: shell.folder,
    env: {
      ...process.env,
      ...shell.env,
      PATH: path.join(delimiter),
      KUBECONFIG: shell.kubeconfigPath,
      KUBECACHEDIR: await scratchDir("kubectl"),
      KUBERC: "off",
    },
  });
  if (code !== 0) throw new Error(`${block}ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}
