import { main } from "../../src/cli/main.ts";
import { EXIT, Failure, type ExitCode, type Shell } from "../../src/cli/shell.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";
import { tableText } from "../verify/products.ts";

/** The world that a test gives a command; what it leaves out is empty. */
export interface World {
  /** Texts by path; `-` is standard input. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Shell["env"];
  readonly colour?: boolean;
  readonly columns?: number;
}

/** What a command left behind. */
export interface CommandResult {
  readonly exitCode: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** Runs `weir` with these words in a world without a file system or terminal. */
export async function weir(words: readonly string[], world: World = {}): Promise<CommandResult> {
  const out: string[] = [];
  const err: string[] = [];
  const exitCode = await main(words, {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    read: (path) => {
      const text = world.files?.[path];
      if (text === undefined) throw new Failure(EXIT.badInput, `${path}: there is no such file`);
      return text;
    },
    list: (path) => listed(Object.keys(world.files ?? {}), path),
    table: tableText,
    env: world.env ?? {},
    runtime: systemRuntime,
    colour: world.colour ?? false,
    columns: world.columns ?? 100,
  });
  return { exitCode, out: out.join(""), err: err.join("") };
}

/** What files of these paths make of a folder. */
function listed(paths: readonly string[], folder: string): readonly string[] | undefined {
  const below = `${folder.replace(/\/$/, "")}/`;
  const names = paths
    .filter((path) => path.startsWith(below))
    .map((path) => /^[^/]+\/?/.exec(path.slice(below.length))?.[0] ?? "");
  return names.length === 0 ? undefined : [...new Set(names)];
}
