import { CONNECTS_TO_ANNOTATION, POOL_MAX_ANNOTATION } from "../../api/names.ts";
import type { MissingQuantity } from "../system.ts";
import { tellTarget } from "./annotations.ts";
import type { Environment } from "./containerEnv.ts";
import type { Field } from "./field.ts";
import { missing } from "./quantities.ts";
import { mountedFiles } from "./mountedFiles.ts";
import { hasMoreThanPgBouncer, isPgBouncer } from "./pgbouncerPods.ts";
import type { AuditContext } from "./auditContext.ts";
import type { Workload } from "./workloads.ts";

/** What a container of another pooler opens, or one that runs more than its PgBouncer. */
export function unreadProgram(
  workload: Workload,
  container: Field,
  { poolers }: AuditContext,
): readonly MissingQuantity[] {
  const name = container.at("name").text() ?? "";
  if (isPgBouncer(container)) {
    return hasMoreThanPgBouncer(container) ? [besidesPgBouncer(container, name)] : [];
  }
  return poolers.length > 0 && isOtherPooler(container)
    ? [ofOtherPooler(workload, container, name)]
    : [];
}

/** Other poolers of Postgres: what they open stands in files of their own kinds. */
const OTHER_POOLER = /(?:^|\/)[\w.-]*(?:pgcat|odyssey|pgpool|supavisor|pgdog|pgagroal)[\w.-]*$/i;

function isOtherPooler(container: Field): boolean {
  const image = container.at("image").text() ?? "";
  const path = image.replace(/@.*$/, "").replace(/:[^/]*$/, "");
  return OTHER_POOLER.test(path) && !/exporter|metrics/i.test(path);
}

const TELL_OTHER = `annotate its pods with ${CONNECTS_TO_ANNOTATION} (where it connects to, or "none" where it is no Postgres of these) and ${POOL_MAX_ANNOTATION}`;

function ofOtherPooler(workload: Workload, container: Field, name: string): MissingQuantity {
  const what = `what the pooler in container ${name} of ${workload.key} opens, and where: weir reads PgBouncer's configuration alone`;
  return missing(what, container.at("image").place(), TELL_OTHER);
}

function besidesPgBouncer(container: Field, name: string): MissingQuantity {
  const what = `what container ${name} opens besides the PgBouncer that its command starts`;
  const tell = `annotate its pods with ${CONNECTS_TO_ANNOTATION}: "${name}=localhost:PORT/DATABASE?user=LOGIN" and ${POOL_MAX_ANNOTATION}, or "${name}=none"`;
  return missing(what, container.place(), tell);
}

/** Nothing tells of a pooler, and a part of the environment or of the configuration is not there. */
export function hiddenEnvironment(
  workload: Workload,
  container: Field,
  environment: Environment,
  { inventory, poolers }: AuditContext,
): readonly MissingQuantity[] {
  if (poolers.length === 0) return [];
  const mounts = mountedFiles(inventory, workload, container, environment).unknown.filter(
    ({ name, path }) => !KEYS.test(name) && !KEYS.test(path),
  );
  const [first] = [
    ...environment.unknown.map(({ name, place }) => ({ name, place, how: "environment is from" })),
    ...mounts.map(({ name }) => ({
      name,
      place: container.at("volumeMounts").place(),
      how: "files are from",
    })),
  ];
  if (first === undefined) return [];
  const name = container.at("name").text() ?? "";
  const what = `whether container ${name} of ${workload.key} connects to a pooler: ${first.name}, which its ${first.how}, is not among the objects`;
  return [missing(what, first.place, `give ${first.name} too, or ${tellTarget(workload, name)}`)];
}

/** Names of what holds certificates, keys and passwords, and no configuration. */
const KEYS =
  /(?:^|[-_./])(?:tls|ssl|m?tls|certs?|certificates?|pki|ca|ca-bundle|tokens?|keys?|keystore|truststore|ssh|password|credentials?|license|pull-?secret)(?:[-_./]|$)/i;
