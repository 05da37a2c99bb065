import { Command, Option } from "commander";
import { formatProblem } from "../fleet/problem.ts";
import { readObjects, type ReadObjects } from "../verify/read/readObjects.ts";
import { readSystem } from "../verify/read/readSystem.ts";
import type { AuditObject } from "../verify/sourcePosition.ts";
import type { Proof } from "../verify/proof/proof.ts";
import { prove } from "../verify/proof/prove.ts";
import { unlistedClients } from "../verify/proof/unlistedClients.ts";
import { counted } from "../text/wording.ts";
import { explainProof } from "../report/proofReport.ts";
import { manifestSources } from "./manifestPaths.ts";
import { proofAsData } from "../report/proofData.ts";
import { sarifLog } from "../report/sarif.ts";
import { EXIT, Failure, type Shell } from "./shell.ts";
import { annotationOverrides } from "./annotationOptions.ts";

interface VerifyOptions {
  readonly output: "table" | "json" | "sarif";
  readonly tell: readonly string[];
}

/** `weir verify PATH…`: proves both sums from any manifests, or says what breaks or is missing. */
export function verifyCommand(shell: Shell): Command {
  return new Command("verify")
    .description("prove the sums from any manifests, whoever wrote them")
    .argument("<path...>", "manifests and folders of them, bare pgbouncer.ini; - is standard input")
    .addOption(
      new Option("--output <format>", "how to print it")
        .choices(["table", "json", "sarif"])
        .default("table"),
    )
    .addOption(
      new Option(
        "--tell <what>",
        "what the manifests don't tell: 'Deployment shop/api:weir.dev/pool-max=20'; may be repeated",
      )
        .argParser((tell: string, others: readonly string[]) => [...others, tell])
        .default([], "nothing"),
    )
    .action((paths: string[], options: VerifyOptions) => {
      const { objects, leftOut } = readManifests(paths, shell);
      const system = readSystem(objects, {
        told: annotationOverrides(options.tell, new Set(objects.map(nameOf))),
      });
      const missing = [...system.missing, ...unlistedClients(system)];
      const notes = [...system.notes, ...leftOutNotes(leftOut)];
      const proof = prove({ ...system, missing, notes });
      const poolers = system.poolers.map(({ name }) => name);
      shell.out(printed(proof, () => explainProof(proof, { objects, poolers }, shell), options));
      conclude(proof);
    });
}

/** The most files of documents that are left out that a note names. */
const LEFT_OUT_MAX = 5;

function readManifests(paths: readonly string[], shell: Shell): ReadObjects {
  const read = readObjects(manifestSources(paths, shell));
  if (read.problems.length === 0) return read;
  throw new Failure(EXIT.badInput, read.problems.map(formatProblem).join("\n"));
}

/** What is no object of Kubernetes counts for nothing: a slip in a manifest shows here. */
function leftOutNotes(leftOut: readonly string[]): readonly string[] {
  if (leftOut.length === 0) return [];
  const files = [...new Set(leftOut)];
  const named = files.slice(0, LEFT_OUT_MAX).join(", ");
  const more = files.length > LEFT_OUT_MAX ? ` and ${files.length - LEFT_OUT_MAX} files more` : "";
  const what = counted(leftOut.length, "document");
  const why = "no object of Kubernetes (apiVersion, kind and metadata.name), no ini of PgBouncer";
  return [`Left out: ${what} in ${named}${more}: ${why}`];
}

function nameOf({ kind, namespace, name }: AuditObject): string {
  return `${kind} ${namespace}/${name}`;
}

function printed(proof: Proof, table: () => string, { output }: VerifyOptions): string {
  if (output === "table") return table();
  const data = output === "json" ? proofAsData(proof) : sarifLog(proof);
  return `${JSON.stringify(data, undefined, 2)}\n`;
}

function conclude({ verdict, findings, missing }: Proof): void {
  if (verdict === "broken") {
    const found = counted(findings.length, "finding");
    throw new Failure(EXIT.cannotFit, `weir verify: broken: ${found}`);
  }
  if (verdict === "unknown") {
    const lacking = missing.length === 0 ? "no PgBouncer" : `${missing.length} missing`;
    throw new Failure(EXIT.cannotTell, `weir verify: cannot tell: ${lacking}`);
  }
}
