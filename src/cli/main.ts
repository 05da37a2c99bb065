import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Command, CommanderError } from "commander";
import { decodedText } from "../files/decodedText.ts";
import { whyUnreadable } from "../files/whyUnreadable.ts";
import { systemRuntime } from "../runtime/runtime.ts";
import { diagnoseCommand } from "./diagnose.ts";
import { composeCommand } from "./compose.ts";
import { guardCommand } from "./guard.ts";
import { operatorCommand } from "./operator.ts";
import { planCommand } from "./plan.ts";
import { secretsCommand } from "./secrets.ts";
import { badInput, EXIT, Failure, type ExitCode, type Shell } from "./shell.ts";
import { verifyCommand } from "./verify.ts";

/** Each makes one command of weir. */
const COMMANDS: readonly ((shell: Shell) => Command)[] = [
  planCommand,
  secretsCommand,
  guardCommand,
  composeCommand,
  verifyCommand,
  diagnoseCommand,
  operatorCommand,
];

/** The package; by its name, since sources and what is built lie at other depths. */
const require = createRequire(import.meta.url);
const { version: VERSION }: { readonly version: string } = require("weir/package.json");
const KNOWLEDGE = join(dirname(require.resolve("weir/package.json")), "knowledge");

/** Columns of a table where there is no terminal to ask. */
const COLUMNS_WITHOUT_TERMINAL = 100;

/**
 * Runs one command of weir. It prints what goes wrong, a line or more for people and never a trace,
 * and returns the exit code; it doesn't throw.
 *
 * @param words the command line after the program's name
 */
export async function main(words: readonly string[], shell: Shell): Promise<ExitCode> {
  try {
    await program(shell).parseAsync(words, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof Failure) {
      shell.err(`${error.message}\n`);
      return error.exitCode;
    }
    // commander has printed the message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.badInput;
    const message = error instanceof Error ? error.message : String(error);
    shell.err(`weir failed: ${message.split("\n")[0]}\n`);
    return EXIT.failed;
  }
}

function program(shell: Shell): Command {
  const weir = new Command("weir")
    .description("connection budgets for fleets of MCP servers behind PgBouncer")
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: shell.out,
      writeErr: shell.err,
      getOutHelpWidth: () => shell.columns,
      getErrHelpWidth: () => shell.columns,
    });
  for (const make of COMMANDS) weir.addCommand(make(shell).copyInheritedSettings(weir));
  return weir;
}

/** The shell of this process. A reader that goes away (`weir plan | head`) is no failure. */
export function processShell(): Shell {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    read,
    list,
    table,
    env: process.env,
    runtime: systemRuntime,
    colour: process.stdout.isTTY && process.stdout.hasColors(),
    columns: process.stdout.columns ?? COLUMNS_WITHOUT_TERMINAL,
  };
}

const STANDARD_INPUT = 0;

function read(path: string): string {
  try {
    return decodedText(readFileSync(path === "-" ? STANDARD_INPUT : path));
  } catch (error) {
    throw unreadable(path, error);
  }
}

function table(name: string): string {
  return readFileSync(join(KNOWLEDGE, `${name}.yaml`), "utf8");
}

/** The entries of a folder; undefined for any other path. Reading a missing path reports it. */
function list(path: string): readonly string[] | undefined {
  try {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return undefined;
    // A link to a folder is not followed: it may lead back up.
    return readdirSync(path, { withFileTypes: true }).map((entry) =>
      entry.isDirectory() ? `${entry.name}/` : entry.name,
    );
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): Failure {
  return badInput(`${path}: ${whyUnreadable(error)}`);
}
