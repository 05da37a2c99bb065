import { imagePattern } from "../../knowledge/namePatterns.ts";
import type { Knowledge } from "../../knowledge/knowledge.ts";
import {
  assumed,
  known,
  positiveCount,
  wholeNumber,
  type MissingQuantity,
  type Quantity,
} from "../../quantity.ts";
import type { SourcePosition } from "../../sourcePosition.ts";
import type { Template } from "../../template.ts";
import type { Container, ContainerFile, Variable } from "../../workload.ts";
import { fit, imagesArguments, isNamed, programName } from "./commands.ts";
import { inShell } from "./shellValues.ts";

/** A row of knowledge/programs.yaml. */
export type ProgramRow = Knowledge["programs"][number];

type NumberRow = Exclude<ProgramRow["processes"], number | undefined>;

/** Makes what is missing, of which the place is the command's unless it is given. */
export type Unclear = (why: string, place?: SourcePosition) => MissingQuantity;

/** What is counted, for people: `processes(3)` is `3 processes`. */
type Counted = (count: number) => string;

/** The rows of a table by what they are found by. A table is asked for each container of a system. */
interface ProgramIndex {
  /** By the name of the program in their calls; "" for names with a `*`. */
  readonly byName: ReadonlyMap<
    string,
    readonly { readonly row: ProgramRow; readonly call: string }[]
  >;
  /** Those with images, and the pattern of these. */
  readonly withImages: readonly { readonly row: ProgramRow; readonly images: RegExp }[];
  /** Those of each image that was asked for. */
  readonly byImage: Map<string, readonly ProgramRow[]>;
}

const INDEXES = new WeakMap<readonly ProgramRow[], ProgramIndex>();

function indexOf(programs: readonly ProgramRow[]): ProgramIndex {
  const before = INDEXES.get(programs);
  if (before !== undefined) return before;
  const calls = programs.flatMap((row) => (row.calls ?? []).map((call) => ({ row, call })));
  const byName = Map.groupBy(calls, ({ call }) => {
    const [name = ""] = call.split(" ");
    return name.includes("*") ? "" : name;
  });
  const withImages = programs.flatMap((row) =>
    row.images === undefined ? [] : [{ row, images: imagePattern(row.images) }],
  );
  const index = { byName, withImages, byImage: new Map<string, readonly ProgramRow[]>() };
  INDEXES.set(programs, index);
  return index;
}

/** The program that a container's call is of; undefined where no row is of it. */
export function programOf(
  words: readonly Template[],
  container: Container,
  knowledge: Knowledge,
): ProgramRow | undefined {
  const { programs } = knowledge;
  const ofImage = imagesProgram(words, container, knowledge);
  // `celery worker` in an image of Airflow is Airflow's.
  const isOwn = ofImage?.calls?.some((call) => call.split(" ")[1] === words[0]?.known) === true;
  const found = isOwn ? ofImage : (best(words, programs) ?? ofImage);
  return found ?? within(words, programs);
}

/** The row of which the call fits best: that with the most words. */
function best(
  words: readonly Template[],
  programs: readonly ProgramRow[],
  isMeant: (row: ProgramRow) => boolean = () => true,
): ProgramRow | undefined {
  const { byName } = indexOf(programs);
  const name = programName(words) ?? "";
  let found: ProgramRow | undefined;
  let most = 0;
  for (const { row, call } of [...(byName.get(name) ?? []), ...(byName.get("") ?? [])]) {
    const size = isMeant(row) ? fit(call, words) : 0;
    if (size > most) [found, most] = [row, size];
  }
  return found;
}

/** The program of an image's entrypoint, where the command gives no more than its arguments. */
function imagesProgram(
  words: readonly Template[],
  container: Container,
  knowledge: Knowledge,
): ProgramRow | undefined {
  if (imagesArguments(container, knowledge) === undefined) return undefined;
  const { programs } = knowledge;
  const isBare = words[0]?.isEmpty === true;
  const named = imageRows(container.image, programs);
  return (
    named.find(({ calls = [] }) => {
      const more = calls.map((call) => call.split(" ").slice(1));
      return more.some((all) =>
        all.length === 0 ? isBare : all.every((one) => words.some((word) => word.known === one)),
      );
    }) ?? (isBare ? named.find(({ calls }) => calls === undefined) : undefined)
  );
}

function imageRows(image: string, programs: readonly ProgramRow[]): readonly ProgramRow[] {
  const { byImage, withImages } = indexOf(programs);
  const before = byImage.get(image);
  if (before !== undefined) return before;
  const rows = withImages.flatMap(({ row, images }) => (images.test(image) ? row : []));
  byImage.set(image, rows);
  return rows;
}

/** `/entrypoint.sh gunicorn app`: a script of the image that runs what follows. */
function within(
  words: readonly Template[],
  programs: readonly ProgramRow[],
): ProgramRow | undefined {
  for (let at = 1; at < words.length; at += 1) {
    const found = best(words.slice(at), programs, ({ connections }) => connections === undefined);
    // Further on, one that only makes the number smaller may be a word of another program.
    if (found !== undefined && (at === 1 || found.processes !== 1)) return found;
  }
  return undefined;
}

/** The words of a call, with those that a variable adds. */
export function allWords(
  words: readonly Template[],
  { wordsFrom }: ProgramRow,
  { environment }: Container,
): readonly Template[] {
  const more = wordsFrom === undefined ? undefined : environment.variables.get(wordsFrom)?.value;
  if (more === undefined) return words;
  return [...words, ...more.matchAll(/\S+/g).flatMap(([word]) => word ?? [])];
}

/** What a program's call says of a number: by flag, else by variable, else by file, else by default. */
export function countOf(
  count: NumberRow | number,
  words: readonly Template[],
  container: Container,
  counted: Counted,
  unclear: Unclear,
): Quantity {
  if (typeof count === "number") return known(count, counted(count));
  const { flags = [], variables = [], oneWith = [], oneWithout = [], more = 0, zero } = count;
  const isGiven = (flag: string): boolean => isFlagGiven(flag, words);
  if (oneWith.some(isGiven) || (oneWithout.length > 0 && !oneWithout.some(isGiven))) {
    return known(1, counted(1));
  }
  const added = (count.asks ?? []).find(
    (one) => isGiven(one) || settingIn(mountedFiles(count, words, container), one) !== undefined,
  );
  if (added !== undefined) return unclear(`${added} adds to them`);
  const numbered = (text: string | undefined): number | undefined => {
    const number = wholeNumber(text);
    return number === 0 ? zero : number === undefined ? undefined : number + more;
  };
  const flag = flagValue(words, flags);
  if (flag !== undefined) {
    // `--autoscale=10,2`.
    const number = numbered(inShell(flag, container)?.split(",")[0]?.known);
    if (number !== undefined) return known(number, counted(number), container.argsPlace);
    return unclear("its command gives no number of them");
  }
  const file = configured(count, words, container);
  const variable = variables
    .map((name) => container.environment.variables.get(name))
    .find((one) => one !== undefined);
  if (file?.text !== undefined) {
    // The last counts, or all of them together: pools of PHP-FPM.
    if (file.isRepeated === true) return unclear(`${file.by} stands there twice`, file.place);
    const number = numbered(file.text);
    if (number !== undefined) return known(number, `${counted(number)} (${file.by})`, file.place);
    return unclear(`${file.by} is no whole number`, file.place);
  }
  const byFile = file?.isUnread === true ? unclear("its configuration file may say it") : undefined;
  // A file that is mounted in its place hides the image's.
  const byImage =
    count.unseen === undefined || mountedFiles(count, words, container).length > 0
      ? undefined
      : unclear(`its image may have a ${count.unseen} that says it`);
  const question = byFile ?? byImage;
  if (variable !== undefined) {
    const { name, place } = variable;
    const number = numbered(variable.value.known);
    if (number === undefined) return unclear(`${name} is no positive whole number`, place);
    const found = known(number, `${counted(number)} (${name})`, place);
    return question === undefined ? found : assumed(question, number, found.why, place);
  }
  if (byFile !== undefined) return byFile;
  const { otherwise } = count;
  if (typeof otherwise === "string") return unclear(otherwise);
  const why = counted(otherwise);
  return byImage === undefined ? known(otherwise, why) : assumed(byImage, otherwise, why);
}

/** Which files a number may stand in: those that its call names, and those of them that are mounted. */
function mountedFiles(
  { files = [] }: Pick<NumberRow, "files">,
  words: readonly Template[],
  container: Container,
): readonly ContainerFile[] {
  const named = namedFiles(files, words);
  return [...container.files.files.values()].filter(
    ({ path }) =>
      named.some(({ known: name }) => name !== undefined && path.endsWith(baseName(name))) ||
      files.some((file) => !file.startsWith("-") && isNamed(file, baseName(path))),
  );
}

function namedFiles(files: readonly string[], words: readonly Template[]): readonly Template[] {
  return files.flatMap((file) => {
    if (file.startsWith("-")) return flagValue(words, [file]) ?? [];
    return words.slice(1).filter((word) => isNamed(file, baseName(word.known ?? "")));
  });
}

interface FileSetting {
  readonly text: string;
  readonly place: SourcePosition;
  readonly isRepeated?: true;
}

/** What the file that the call names says, where it is mounted; whether there is one that is not. */
function configured(
  { files = [], settings = [] }: NumberRow,
  words: readonly Template[],
  container: Container,
):
  | { readonly isUnread: true; readonly text?: never }
  | (FileSetting & { readonly by: string; readonly isUnread?: never })
  | undefined {
  const named = namedFiles(files, words);
  const mounted = mountedFiles({ files }, words, container);
  for (const setting of settings) {
    const found = settingIn(mounted, setting);
    if (found !== undefined) return { ...found, by: setting };
  }
  const isRead = settings.length > 0 && named.length <= mounted.length;
  return named.length > 0 && !isRead ? { isUnread: true } : undefined;
}

/** What mounted files say of a setting, and whether they say it more than once. */
function settingIn(files: readonly ContainerFile[], setting: string): FileSetting | undefined {
  const pattern = new RegExp(
    `^[ \\t]*${setting.replaceAll(".", "\\.")}(?:[ \\t]*[=:]|[ \\t])(.*)$`,
    "gm",
  );
  const [first, another] = files.flatMap(({ text, place }) =>
    [...text.matchAll(pattern)].map(([, value = ""]) => ({
      text: value.replace(/[#;].*$/, "").trim(),
      place,
    })),
  );
  if (first === undefined || another === undefined) return first;
  return { ...another, isRepeated: true };
}

function baseName(path: string): string {
  return path.replace(/^.*[/:]/, "");
}

/**
 * The value that the last of these flags has: `-w 4`, `-w4`, `--workers=4`.
 *
 * @param isText a text may follow a letter too: `-hpooler`
 */
export function flagValue(
  words: readonly Template[],
  flags: readonly string[],
  isText = false,
): Template | undefined {
  for (const flag of flags) {
    const at = words.findLastIndex(
      (word) => word.known === flag || valueWithin(word, flag, isText),
    );
    const word = words[at];
    if (word === undefined) continue;
    return valueWithin(word, flag, isText) ?? words[at + 1] ?? word;
  }
  return undefined;
}

/** `4` of `--workers=4` and of `-w4`. */
function valueWithin(word: Template, flag: string, isText: boolean): Template | undefined {
  const short = isText ? /^(-[a-zA-Z])([^]+)$/ : /^(-[a-zA-Z])=?([^a-zA-Z=][^]*)$/;
  const pattern = flag.startsWith("--") ? /^(-[^=]*)=([^]*)$/ : short;
  const [, name, value] = word.match(pattern) ?? [];
  return name?.known === flag ? value : undefined;
}

function isFlagGiven(flag: string, words: readonly Template[]): boolean {
  const [name = "", value] = flag.split("=");
  // `-Pthreads`.
  if (value !== undefined && words.some((word) => word.known === name + value)) return true;
  const given = flagValue(words, [name]);
  return given !== undefined && (value === undefined || given.known === value);
}

/** What the flags and variables of a program without a row seem to say of its processes. */
export function workersOf(
  words: readonly Template[],
  container: Container,
  { workers, programs }: Knowledge,
): { readonly flag?: Template; readonly variables: readonly Variable[] } {
  const flag = flagValue(
    words,
    workers.flatMap(({ flags = [] }) => flags),
  );
  if (flag !== undefined) return { flag, variables: [] };
  const all = [...container.environment.variables.values()];
  const patterns = workers.flatMap(({ variables = [] }) => variables);
  const counts = all.filter(
    ({ name, value }) =>
      patterns.some((pattern) => isNamed(pattern, name)) && !value.test(NO_COUNT),
  );
  if (counts.length === 0) return { variables: [] };
  const isOne = programs.some(
    ({ signs = [], processes }) =>
      processes === 1 && all.some(({ name }) => signs.some((sign) => isNamed(sign, name))),
  );
  return { variables: isOne ? [] : counts };
}

/** Whether what a variable counts may be threads of one process. */
export function mayBeThreads(name: string, { workers }: Knowledge): boolean {
  const row = workers.find(({ variables = [] }) =>
    variables.some((pattern) => isNamed(pattern, name)),
  );
  return row?.threads === true;
}

/** What a variable called so holds where it does not count: a switch, nothing. */
const NO_COUNT = /^\s*(?:|0|true|false|yes|no|on|off|none|null)\s*$/i;

/** The number that a word of a command says. */
export function numberIn(word: Template, container: Container): number | undefined {
  return positiveCount(inShell(word, container)?.known);
}
