import { targetsOf, stringsIn, type ConnectionTarget } from "./connectionTargets.ts";
import { connectionUrls } from "./connectionStrings.ts";
import { expanded, type Environment } from "./containerEnv.ts";
import type { Field } from "./field.ts";
import { mountedFiles, type MountedFile } from "./mountedFiles.ts";
import type { AuditContext } from "./auditContext.ts";
import type { Workload } from "./workloads.ts";

/** `host: pooler`, `"hostname" = "pooler.db.svc"`, `server=pooler:6432`. */
const HOST_SETTING =
  /\b(?:host|hostname|server|addr|address|endpoint|url|uri|upstream)["']?[ \t]*[:=][ \t]*["']?([\w.-]+)(?::(\d{1,5}))?/gi;

/**
 * What the files that ConfigMaps and Secrets mount say of where a container connects: connection
 * strings, and settings called host that name a pooler. Whatever else names a host is no database's.
 */
export function fileTargets(
  workload: Workload,
  container: Field,
  environment: Environment,
  { inventory, book, poolers }: AuditContext,
): readonly ConnectionTarget[] {
  if (poolers.length === 0 || container.at("volumeMounts").items().length === 0) return [];
  const { files } = mountedFiles(inventory, workload, container, environment);
  return [...files.values()].flatMap((file) => {
    // PgBouncer's own ini beside an exporter; certificates.
    if (/\.(?:crt|key|pem|sql)$/.test(file.path) || /^\s*\[pgbouncer\]/m.test(file.text)) return [];
    const urls = file.text.split("\n").flatMap((line) => stringsIn(line));
    const aims = urls.flatMap((string) => targetsOf(string, file.place, file.from, ""));
    const isIn = ({ host }: ConnectionTarget): boolean => aims.some((aim) => aim.host === host);
    return [...aims, ...hostAims(file, workload, book).filter((aim) => !isIn(aim))];
  });
}

/** `pooler:6432`, wherever it stands. */
const HOST_AND_PORT = /(?<![\w.-])([\w-]+(?:\.[\w-]+)*):(\d{2,5})(?!\d)/g;

/** A full name of a Service, wherever it stands. */
const SERVICE_NAME = /(?<![\w.-])([\w-]+\.[\w-]+\.svc(?:\.[\w-]+)*)(?![\w-])/g;

/** Hosts that a text names, whatever it is for: of connection strings, and with a port or a full name. */
export function hostsIn(
  text: string,
): readonly { readonly host: string; readonly port?: number }[] {
  const named = [HOST_AND_PORT, SERVICE_NAME].flatMap((pattern) => [...text.matchAll(pattern)]);
  return [
    ...connectionUrls(text).flatMap(({ hosts }) => hosts),
    ...named.map(([, host = "", port]) =>
      port === undefined ? { host } : { host, port: Number(port) },
    ),
  ];
}

/** What only waits until somebody answers. */
const WAITS = /wait-?for|\bwait\b|dockerize|\bn(?:et)?c(?:at)?\s|pg_isready/;

/**
 * What the variables and the arguments of a container name besides connection strings and hosts:
 * JSON with a host in it, `pooler:6432` under whatever name. Only what leads to a pooler.
 */
export function mentionedTargets(
  workload: Workload,
  container: Field,
  { variables }: Environment,
  { book, poolers }: AuditContext,
): readonly ConnectionTarget[] {
  if (poolers.length === 0) return [];
  const inVariables = [...variables.values()].map(({ name, value, place }) => ({
    text: value,
    place,
    from: name,
  }));
  const inCommand = ["command", "args"].flatMap((list) =>
    container
      .at(list)
      .items()
      .map((field) => ({
        text: expanded(field.text() ?? "", variables),
        place: field.place(),
        from: "its command",
      })),
  );
  const waits = inCommand.some(({ text }) => WAITS.test(text));
  return [...inVariables, ...(waits ? [] : inCommand)].flatMap((file) =>
    hostAims(file, workload, book),
  );
}

function hostAims(
  file: Pick<MountedFile, "text" | "place" | "from">,
  { namespace }: Workload,
  book: AuditContext["book"],
): readonly ConnectionTarget[] {
  const named = [HOST_SETTING, HOST_AND_PORT, SERVICE_NAME].flatMap((pattern) => [
    ...file.text.matchAll(pattern),
  ]);
  return named.flatMap(([, host = "", port]) => {
    const number = port === undefined ? portIn(file.text) : Number(port);
    const resolved = book.resolve(host, number, namespace);
    if (resolved.kind !== "found" || !resolved.endpoints.some((one) => one.kind === "pooler")) {
      return [];
    }
    const database = only(
      file.text,
      /\b(?:database|dbname|db)["']?[ \t]*[:=][ \t]*["']?([\w.-]+)/gi,
    );
    const user = only(file.text, /\b(?:user|username)["']?[ \t]*[:=][ \t]*["']?([\w.-]+)/gi);
    const aim: ConnectionTarget = {
      host,
      ...(number === undefined ? {} : { port: number }),
      ...(database === undefined ? {} : { database }),
      ...(user === undefined ? {} : { user }),
      place: file.place,
      by: file.from,
      prefix: "",
      parameters: new Map(),
      isDatabase: true,
    };
    return [aim];
  });
}

/** The one port that the text sets; undefined when there are several, or none. */
function portIn(text: string): number | undefined {
  const port = only(text, /\bport["']?[ \t]*[:=][ \t]*["']?(\d{1,5})/gi);
  return port === undefined ? undefined : Number(port);
}

function only(text: string, pattern: RegExp): string | undefined {
  const values = new Set([...text.matchAll(pattern)].map(([, value]) => value));
  const [value] = values;
  return values.size === 1 ? value : undefined;
}
