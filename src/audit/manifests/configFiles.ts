import { aimsOf, stringsIn, type Aim } from "./aims.ts";
import type { Environment } from "./containerEnv.ts";
import type { Field } from "./field.ts";
import { mountedFiles, type MountedFile } from "./mountedFiles.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Workload } from "./workloads.ts";

/** `host: pooler`, `"hostname" = "pooler.db.svc"`, `server=pooler:6432`. */
const HOST_SETTING =
  /\b(?:host|hostname|server|addr|address|endpoint|url|uri|upstream)["']?[ \t]*[:=][ \t]*["']?([\w.-]+)(?::(\d{1,5}))?/gi;

/**
 * What the files that ConfigMaps and Secrets mount say of where a container connects: connection
 * strings, and settings called host that name a pooler. Whatever else names a host is no database's.
 */
export function fileAims(
  workload: Workload,
  container: Field,
  environment: Environment,
  { inventory, book, poolers }: Surroundings,
): readonly Aim[] {
  if (poolers.length === 0 || container.at("volumeMounts").items().length === 0) return [];
  const { files } = mountedFiles(inventory, workload, container, environment);
  return [...files.values()].flatMap((file) => {
    // libpq and PgBouncer read these; no program connects because of them.
    if (/\.(?:crt|key|pem|conf|ini|sql)$/.test(file.path)) return [];
    const urls = file.text.split("\n").flatMap((line) => stringsIn(line));
    const aims = urls.flatMap((string) => aimsOf(string, file.place, file.from, ""));
    return aims.length > 0 ? aims : hostAims(file, workload, book);
  });
}

function hostAims(
  file: MountedFile,
  { namespace }: Workload,
  book: Surroundings["book"],
): readonly Aim[] {
  return [...file.text.matchAll(HOST_SETTING)].flatMap(([, host = "", port]) => {
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
    const aim: Aim = {
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
