import { Option } from "commander";
import type { KubeClient } from "../kube/client.ts";
import type { SourceText } from "../fleet/yaml.ts";
import type { Runtime } from "../runtime/runtime.ts";

/**
 * What a command may touch of the world outside: handed in by main.ts, so that a command is a
 * function of its input and a test can call it without a process.
 */
export interface Shell {
  /** Results: standard output. */
  readonly out: (text: string) => void;
  /** Everything else: standard error. */
  readonly err: (text: string) => void;
  /** The text of a file; `-` is standard input. Throws Failure when it can't be read. */
  readonly read: (path: string) => string;
  /** The names in a folder, a folder's with `/` at its end; undefined for what is no folder. */
  readonly list: (path: string) => readonly string[] | undefined;
  /** The text of one of weir's own tables: that of knowledge/NAME.yaml. */
  readonly table: (name: string) => string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly runtime: Runtime;
  /** Standard output is a terminal that shows colour (and NO_COLOR is not set). */
  readonly colour: boolean;
  /** Columns of the terminal; 100 where there is none. */
  readonly columns: number;
}

/** How a command ends; documented in docs/commands.md. */
export const EXIT = {
  ok: 0,
  /** weir or the system under it failed. */
  failed: 1,
  /** Bad input or usage. */
  badInput: 2,
  /** A budget that cannot fit, a sum that is broken, a cause found. */
  cannotFit: 3,
  /** A number is missing; the message names it. */
  cannotTell: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with a message for people and an exit code; main.ts prints it without a trace. */
export class Failure extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.name = "Failure";
    this.exitCode = exitCode;
  }
}

export function badInput(message: string): Failure {
  return new Failure(EXIT.badInput, message);
}

/** @throws Failure (bad input) with all problems, if there are any */
export function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw badInput(problems.join("\n"));
}

/** The texts of these files, as messages name them; `-` is standard input, which can be read once. */
export function sourcesOf(paths: readonly string[], shell: Shell): readonly SourceText[] {
  readInputOnce(paths);
  return paths.map((path) => ({
    name: inputName(path),
    text: shell.read(path),
  }));
}

export function inputName(path: string): string {
  return path === "-" ? "standard input" : path;
}

/** @throws Failure (bad input) when standard input stands for several of the files */
export function readInputOnce(paths: readonly (string | undefined)[]): void {
  const inputs = paths.filter((path) => path === "-");
  if (inputs.length > 1) throw badInput("standard input (-) can be read once only");
}

/** `--output`; the first format is the default. */
export function outputOption(...formats: readonly string[]): Option {
  return new Option("--output <format>", "how to print it").choices(formats).default(formats[0]);
}

/** What `--output json` prints. */
export function json(data: unknown): string {
  return `${JSON.stringify(data, undefined, 2)}\n`;
}

/**
 * Does something with the cluster of KUBECONFIG.
 *
 * @param command `weir secrets`
 * @param instead what a person can do without a cluster
 * @throws Failure (failed) in one line, when the cluster does not answer
 */
export async function withCluster<T>(
  { env, runtime }: Shell,
  command: string,
  use: (client: KubeClient) => Promise<T>,
  instead = "",
): Promise<T> {
  // Loaded when it is needed: the library takes longer than any command that asks no cluster.
  const [{ connect }, { loadKubeconfig }, { KubeError }] = await Promise.all([
    import("../kube/client.ts"),
    import("../kube/kubeconfig.ts"),
    import("../kube/refusal.ts"),
  ]);
  try {
    const client = connect(loadKubeconfig(env), runtime);
    try {
      return await use(client);
    } finally {
      await client.close();
    }
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    throw new Failure(EXIT.failed, `${command}: ${error.message}${instead}`);
  }
}
