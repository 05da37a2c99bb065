import { AVAILABLE_CONNECTIONS_ANNOTATION } from "../../../api/names.ts";
import { missing } from "../../quantity.ts";
import type { SourcePosition } from "../../sourcePosition.ts";
import { Template } from "../../template.ts";
import type { Workload } from "../../workload.ts";
import type { PostgresImages } from "./postgresImages.ts";
import type { FoundPostgres } from "./postgresServers.ts";

/** SQL that changes what a Postgres admits. */
const ALTERATION =
  /\bALTER\s+SYSTEM\s+(?:RE)?SET\s+"?(max_connections|(?:superuser_)?reserved_connections)\b/i;

/**
 * The servers, of which it is not known what they admit where something else than the server itself
 * sets it by SQL: a Job with psql, a script that is mounted there.
 */
export function withAlterations(
  servers: readonly FoundPostgres[],
  workloads: readonly Workload[],
  images: PostgresImages,
): readonly FoundPostgres[] {
  const found = workloads.flatMap((workload) => alterationsIn(workload, images)).at(0);
  if (found === undefined) return servers;
  return servers.map((server) => {
    if (server.annotation(AVAILABLE_CONNECTIONS_ANNOTATION) !== undefined) return server;
    const what = `${found.setting} of Postgres, which ${found.by} sets by ALTER SYSTEM`;
    const remedy = `annotate the Postgres with ${AVAILABLE_CONNECTIONS_ANNOTATION}: "N" (max_connections less what is reserved)`;
    return { ...server, available: missing(what, found.place, remedy) };
  });
}

interface Alteration {
  readonly setting: string;
  readonly by: string;
  readonly place: SourcePosition;
}

function alterationsIn(
  { key, containers }: Workload,
  images: PostgresImages,
): readonly Alteration[] {
  return containers
    .filter((container) => !images.runsServer(container))
    .flatMap(({ command, args, hooks = [], files }) =>
      command.concat(
        args,
        hooks,
        [...files.files.values()].map(({ text, place }) => ({ text: Template.of(text), place })),
      ),
    )
    .flatMap(({ text, place }) => {
      const setting = text.match(ALTERATION)?.[1]?.known?.toLowerCase();
      return setting === undefined ? [] : [{ setting, by: key, place }];
    });
}
