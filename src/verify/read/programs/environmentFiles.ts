import type { Knowledge } from "../../knowledge/knowledge.ts";
import { Template } from "../../template.ts";
import { commandOf, type Container } from "../../workload.ts";
import { callsIn, containerCommand, programName } from "./commands.ts";
import { inShell } from "./shellValues.ts";
import { isLocation, type Stores } from "../targets/stores.ts";

type Rows = Knowledge["environment-files"];

/**
 * The file from which a container's program gets variables, where it is not among the container's
 * files; undefined where there is none such.
 */
export function hiddenEnvironmentFile(
  container: Container,
  knowledge: Knowledge,
  stores: Stores,
): string | undefined {
  if (container.command.length + container.args.length === 0) return undefined;
  const rows = knowledge["environment-files"];
  const calls = callsIn(containerCommand(container, knowledge));
  const named = [
    ...calls.flatMap((words) => sourcedFile(words, rows)),
    ...flaggedFiles(container, rows),
    ...commandTexts(container).flatMap((script) => substitutedFiles(script, rows, stores)),
  ];
  return named
    .map((word) => inShell(word.trim(), container)?.known ?? word.render())
    .find((path) => !isThere(path, container) && !isPlain(path, rows));
}

/** `. FILE`. */
function sourcedFile(words: readonly Template[], rows: Rows): readonly Template[] {
  const [, file] = words;
  const isSourced = rows.some(({ calls = [] }) => calls.includes(programName(words) ?? ""));
  return isSourced && file !== undefined ? [file] : [];
}

/** `node --env-file=FILE`. */
function flaggedFiles(container: Container, rows: Rows): readonly Template[] {
  const flags = rows.flatMap(({ flags: own = [] }) => own);
  const words = commandOf(container).flatMap((text) => text.matchAll(/\S+/g));
  return words.flatMap(([word], index): readonly Template[] => {
    const [, flag, own] = word?.match(/^(--[\w-]+)(?:=(.*))?$/s) ?? [];
    if (!flags.includes(flag?.known ?? "")) return [];
    const file = own ?? words[index + 1]?.[0];
    return file === undefined ? [] : [file];
  });
}

/** The command's words, and the scripts among its container's files that it runs. */
function commandTexts(container: Container): readonly Template[] {
  return commandOf(container).flatMap((word) => {
    const script = container.files.files.get(word.known ?? "")?.text;
    return script === undefined ? [word] : [word, Template.of(script)];
  });
}

/** `export $(cat FILE)`, `eval "$(grep . FILE)"`, `DATABASE_URL=$(cat FILE)`. */
function substitutedFiles(script: Template, rows: Rows, stores: Stores): readonly Template[] {
  if (!script.test(/\$\(|`/)) return [];
  const readers = rows.flatMap(({ reads = [] }) => reads).join("|");
  const pattern = new RegExp(
    String.raw`(?:(?:^|[\s;&|(])(?:export|eval|env)\s+|(\w+)=)["']?(?:\$\(|${"`"})\s*(?:(?:${readers})\s|<)([^)${"`"}]*)`,
    "g",
  );
  return script.matchAll(pattern).flatMap(([, name, read]): readonly Template[] => {
    const variable = name?.render();
    if (variable !== undefined && !(stores.isDatabaseName(variable) && isLocation(variable)))
      return [];
    const words = read?.matchAll(/[^\s|;&"'<]+/g).flatMap(([word]) => word ?? []) ?? [];
    const paths = words.filter((word) => word.test(/\//) || word.test(/^\.env/));
    return paths.slice(0, 1);
  });
}

/** Whether it is among the files: a path that is not whole is the end of one. */
function isThere(path: string, { files }: Container): boolean {
  if (files.files.has(path)) return true;
  if (path.startsWith("/")) return false;
  const end = `/${path.replace(/^(?:\.\/)+/, "")}`;
  return [...files.files.keys()].some((one) => one.endsWith(end));
}

function isPlain(path: string, rows: Rows): boolean {
  if (/\.(?:sh|bash|inc)$/.test(path) && isOfImage(path, rows)) return true;
  return rows.flatMap(({ plain = [] }) => plain).some((one) => isPath(one, path));
}

/** Whether a script is one of the image's own. Elsewhere it is what somebody has put there. */
function isOfImage(path: string, rows: Rows): boolean {
  const own = path.toLowerCase();
  return !rows.some(
    ({ folders = [], words = [] }) =>
      folders.some((folder) => own === folder || own.startsWith(`${folder}/`)) ||
      words.some((word) => own.includes(word)),
  );
}

function isPath(pattern: string, path: string): boolean {
  const source = pattern.replaceAll(/[.+?^$()|[\]\\]/g, "\\$&").replaceAll("*", "[^/]*");
  const start = pattern.startsWith("/") ? "^" : "(?:^|/)";
  return new RegExp(`${start}${source}${pattern.endsWith("/") ? "" : "$"}`).test(path);
}
