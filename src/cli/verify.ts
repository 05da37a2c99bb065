import { normalize } from "node:path";
import { Command, Option } from "commander";
import { GROUP, POOL_MAX_ANNOTATION, READ_ANNOTATIONS } from "../api/names.ts";
import { formatProblem } from "../fleet/problem.ts";
import { annotationProblem, laterAnnotation } from "../verify/read/targets/annotations.ts";
import { readPaths } from "../verify/read/kustomize/fluxPaths.ts";
import { generatorFiles } from "../verify/read/kustomize/generatedData.ts";
import { placedObjects } from "../verify/read/kustomize/namespaces.ts";
import { readObjects } from "../verify/read/readObjects.ts";
import { readSystem } from "../verify/read/readSystem.ts";
import { unlistedFiles } from "../verify/read/kustomize/unlistedFiles.ts";
import { unreadFiles } from "../verify/read/documents/unreadFiles.ts";
import { unreadResources } from "../verify/read/kustomize/unreadResources.ts";
import { objectOf, startOfName } from "../verify/sourcePosition.ts";
import type { Pooler } from "../verify/system.ts";
import type { Proof } from "../verify/proof/proof.ts";
import { withoutAssumptions } from "../verify/proof/assumptions.ts";
import { prove, unlistedClients } from "../verify/proof/prove.ts";
import { didYouMean } from "../text/didYouMean.ts";
import { counted, orList } from "../text/wording.ts";
import { proofReport } from "../report/proofReport.ts";
import { proofAsData } from "../report/proofData.ts";
import { groupedQuestions } from "../report/questions.ts";
import { sarifLog } from "../report/sarif.ts";
import { jointSystem } from "../verify/compose/composeSystem.ts";
import { manifestFiles } from "./manifestFiles.ts";
import { productsOf } from "./products.ts";
import { composeNames, composeSystems, readComposeFiles } from "./verifyCompose.ts";
import { EXIT, Failure, inputName, json, outputOption, refuse, type Shell } from "./shell.ts";

interface VerifyOptions {
  readonly output: "table" | "json" | "sarif";
  readonly namespace?: string;
  readonly profile?: readonly string[];
  readonly strict?: true;
  readonly reserve?: true;
}

/** `weir verify PATH…`: proves both sums from any manifests, or says what breaks or is missing. */
export function verifyCommand(shell: Shell): Command {
  const annotations: string[] = [];
  const annotate = (annotation: string): void => void annotations.push(annotation);
  const globs: string[] = [];
  return (
    new Command("verify")
      .description("prove the sums from any manifests, whoever wrote them")
      .argument(
        "<path...>",
        "manifests, compose files, folders of them, bare pgbouncer.ini; - is standard input",
      )
      .addOption(outputOption("table", "json", "sarif"))
      .addOption(
        new Option(
          "--annotate <annotation>",
          "read an object as if it had an annotation: 'Deployment shop/api:weir.dev/pool-max=20'; may be repeated",
        ).argParser(annotate),
      )
      // The name of --annotate before it had that one.
      .addOption(new Option("--tell <annotation>").argParser(annotate).hideHelp())
      .option("-n, --namespace <name>", "the namespace of objects that name none")
      .addOption(
        new Option(
          "--exclude <glob>",
          "leave out files and folders: 'charts/**', '*.tpl.yaml'; may be repeated",
        ).argParser((glob: string): void => void globs.push(glob)),
      )
      .addOption(
        new Option(
          "--profile <name>",
          "count the services of this profile of a compose file, and not those of others; may be repeated",
        ).argParser((name, before: readonly string[] | undefined) => [...(before ?? []), name]),
      )
      .option("--reserve", "demand weir's default reserve where no annotation says another")
      .option("--strict", "assume nothing: ask for every number that is not written")
      .action((paths: string[], options: VerifyOptions) => {
        const files = manifestFiles(paths, shell, globs, optionProblems(annotations));
        const named = new Set(paths.filter((path) => path === "-" || !shell.list(path)));
        const isNamed = new Set([...named].map((path) => inputName(normalize(path))));
        const compose = readComposeFiles(files.sources, (file) => isNamed.has(file), shell);
        const read = readObjects(compose.others);
        const problems = [...files.problems, ...read.problems, ...compose.problems];
        // Alone, or beside nothing else, a file that can't be read leaves nothing to prove.
        const isAlone = files.sources.length + files.problems.length === 1;
        const isAll = read.objects.length + compose.projects.length === 0;
        if (isAlone || isAll) refuse(problems.map(formatProblem));
        const unread = problems.map(({ file }) => file);
        const unlisted = unlistedFiles({ ...read, unread }, (file) => isNamed.has(file));
        const contents = generatorFiles(read.kustomizations);
        const isApplied = (file: string): boolean =>
          !unlisted.files.has(file) && (!contents.has(file) || isNamed.has(file));
        const kustomizations = read.kustomizations.filter(({ file }) => isApplied(file));
        const placed = placedObjects(read.objects, kustomizations, options.namespace, {
          isApplied,
          texts: new Map(files.sources.map(({ name, text }) => [name, text])),
        });
        const names = placed.objects.map((object) => objectOf({ object }));
        const overrides = annotationOverrides(
          annotations,
          new Set([...names, ...composeNames(compose)]),
        );
        const profiles = options.profile && { profiles: options.profile };
        const products = productsOf(shell);
        const { systems, services, manifests } = composeSystems(
          compose,
          placed.objects,
          { overrides, products, ...profiles },
          shell,
        );
        const objects = [...manifests, ...services];
        const rendered = readPaths(placed.objects, kustomizations);
        const system = jointSystem([
          readSystem(manifests, products, { overrides, rendered }),
          ...systems,
        ]);
        const given = new Set([...files.sources.map(({ name }) => name), ...unread]);
        const absent = unreadResources(kustomizations, given, files.excluded);
        const assumed = [unlisted.assumed, absent.assumed, placed.assumed].filter(
          (one) => one !== undefined,
        );
        const missing = [
          ...system.missing,
          ...unlistedClients(system),
          ...placed.missing,
          ...absent.missing,
          ...(options.strict ? assumed.map(({ question }) => question) : []),
          ...unreadFiles(problems.filter(({ file }) => isApplied(file))),
        ];
        const notes = [
          ...system.notes,
          ...(options.strict ? [] : assumed.map(({ note }) => note)),
          ...compose.notes,
          ...read.notes,
          ...leftOutNotes(read.leftOut.filter((file) => !contents.has(file))),
          ...files.notes,
        ];
        const demanded = options.reserve ? system.poolers.map(withReserve) : system.poolers;
        const found = { ...system, poolers: demanded, missing, notes };
        const proof = prove(options.strict ? withoutAssumptions(found) : found);
        const poolers = system.poolers.map(({ name }) => name);
        const { unreadPoolers } = system;
        shell.out(
          printed(
            proof,
            () => proofReport(proof, { objects, poolers, unreadPoolers }, shell),
            options,
          ),
        );
        conclude(proof);
      })
  );
}

function withReserve(pooler: Pooler): Pooler {
  return { ...pooler, reserve: { ...pooler.reserve, isDemanded: true } };
}

/** The most files of documents that are left out that a note names. */
const LEFT_OUT_MAX = 5;

/** Notes about documents that are no Kubernetes objects, so that a mistake in a manifest shows. */
function leftOutNotes(leftOut: readonly string[]): readonly string[] {
  if (leftOut.length === 0) return [];
  const files = [...new Set(leftOut)];
  const named = files.slice(0, LEFT_OUT_MAX).join(", ");
  const more = files.length > LEFT_OUT_MAX ? ` and ${files.length - LEFT_OUT_MAX} files more` : "";
  const what = counted(leftOut.length, "document");
  const why = "no object of Kubernetes (apiVersion, kind and metadata.name), no ini of PgBouncer";
  return [`Left out: ${what} in ${named}${more}: ${why}`];
}

function printed(proof: Proof, table: () => string, { output }: VerifyOptions): string {
  if (output === "table") return table();
  return json(output === "json" ? proofAsData(proof) : sarifLog(proof));
}

function conclude({ verdict, findings, missing, nothing }: Proof): void {
  if (verdict === "broken") {
    const found = counted(findings.length, "finding");
    throw new Failure(EXIT.cannotFit, `weir verify: broken: ${found}`);
  }
  if (verdict === "unknown") {
    if (nothing !== undefined) {
      throw new Failure(EXIT.cannotTell, `weir verify: nothing to prove: ${nothing}`);
    }
    const lacking = `${groupedQuestions(missing).length} missing`;
    throw new Failure(EXIT.cannotTell, `weir verify: cannot tell: ${lacking}`);
  }
}

const ANNOTATION_OPTION = /^(?<object>[^:]+):(?<annotation>[^=]+)=(?<value>.*)$/s;

/** What is wrong with an option `--annotate`, whatever objects there are. */
function optionProblem(option: string): string | undefined {
  const { annotation, value } = ANNOTATION_OPTION.exec(option)?.groups ?? {};
  if (annotation === undefined || value === undefined) {
    return (
      `found ${JSON.stringify(option)}; must be 'KIND NAMESPACE/NAME:ANNOTATION=VALUE', ` +
      `such as 'Deployment writing/author:${POOL_MAX_ANNOTATION}=20'`
    );
  }
  if (READ_ANNOTATIONS.includes(annotation)) return annotationProblem(annotation, value);
  const name = annotation.includes("/") ? annotation : `${GROUP}/${annotation}`;
  return `weir reads no annotation ${annotation}${meant(nearest(name, READ_ANNOTATIONS))}`;
}

function optionProblems(options: readonly string[]): readonly string[] {
  return options.flatMap((option) => optionProblem(option) ?? []).map(ofAnnotate);
}

function ofAnnotate(problem: string): string {
  return `--annotate: ${problem}`;
}

/**
 * What `--annotate` says, by object and annotation: `Deployment writing/author:weir.dev/pool-max=20`.
 * The last one counts where two say it of the same.
 *
 * @param objects names of all objects: `Deployment writing/author`
 * @throws Failure (bad input) for all objects and annotations that there are not, with the nearest
 */
export function annotationOverrides(
  options: readonly string[],
  objects: ReadonlySet<string>,
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const overrides = new Map<string, Map<string, string>>();
  const strangers: string[] = [];
  for (const option of options) {
    const { object, annotation, value } = ANNOTATION_OPTION.exec(option)?.groups ?? {};
    if (object === undefined || annotation === undefined || value === undefined) continue;
    for (const name of objectsNamed(object, objects)) {
      if (!objects.has(name)) strangers.push(ofAnnotate(strangerProblem(name, objects)));
      const known = overrides.get(name) ?? new Map<string, string>();
      overrides.set(name, known.set(annotation, laterAnnotation(value, known.get(annotation))));
    }
  }
  refuse([...optionProblems(options), ...new Set(strangers)]);
  return overrides;
}

/** A person may have written the name alone: `web` for `service web`. */
function strangerProblem(stranger: string, objects: ReadonlySet<string>): string {
  const near = nearest(stranger, objects);
  if (near.length > 0 || stranger.includes(" ")) return `there is no ${stranger}${meant(near)}`;
  const same = [...objects].filter((name) => /[^ /]*$/.exec(name)?.[0] === stranger);
  const form = "; an object is written as KIND NAMESPACE/NAME, in a compose file as service NAME";
  return `there is no ${stranger}${same.length === 0 ? form : meant(same)}`;
}

/** `Deployment shop/a,b` are Deployment shop/a and Deployment shop/b; `service a,b` two services. */
function objectsNamed(text: string, objects: ReadonlySet<string>): readonly string[] {
  if (objects.has(text)) return [text];
  const start = startOfName(text);
  const shared = text.slice(0, start);
  return text
    .slice(start)
    .split(",")
    .map((name) => name.trim())
    .map((name) => (objects.has(name) ? name : `${shared}${name}`));
}

function nearest(name: string, candidates: Iterable<string>): readonly string[] {
  const found = didYouMean(name, candidates);
  return found === undefined ? [] : [found];
}

function meant(candidates: readonly string[]): string {
  return candidates.length === 0 ? "" : `; did you mean ${orList(candidates)}?`;
}
