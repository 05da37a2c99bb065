import { randomUUID } from "node:crypto";

import { vi } from "vitest";

import type { KubeClient } from "../../src/kube/client.ts";
import type { ApiServer } from "../cluster/apiServer.ts";
import type { AuditEntry } from "../cluster/auditLog.ts";

/** What the operator asked of the API server, to be counted exactly. */
export interface Requests {
  /** A moment to count from. */
  readonly mark: () => Promise<string>;
  /** All that was answered after that moment and before now. */
  readonly since: (mark: string) => Promise<readonly AuditEntry[]>;
}

const PATIENCE_MS = 120_000;
const WRITES = new Set(["create", "update", "patch", "delete", "deletecollection"]);

/**
 * @param client of a user whose requests are audited: a moment is a request of its own that can be
 * found again, since the log is written a little after an answer is given
 */
export function requestsOf(apiServer: ApiServer, client: KubeClient): Requests {
  const mark = async () => {
    const made = `moment=${randomUUID()}`;
    await client.get(`/version?${made}`);
    await vi.waitFor(
      async () => {
        const isWritten = (await apiServer.audit()).some((entry) => isMarkedBy(entry, made));
        if (!isWritten) throw new Error("the audit log does not have it yet");
      },
      { timeout: PATIENCE_MS },
    );
    return made;
  };
  const since = async (from: string) => {
    const to = await mark();
    const all = await apiServer.audit();
    const place = (moment: string) => all.findIndex((entry) => isMarkedBy(entry, moment));
    return all
      .slice(place(from) + 1, place(to))
      .filter(({ uri }) => !uri.startsWith("/version?moment="));
  };
  return { mark, since };
}

function isMarkedBy({ uri }: AuditEntry, mark: string): boolean {
  return uri.includes(mark);
}

/** Of these: changes, as `patch mcpservers/status writing/author`; those of the lease left out. */
export function writesAmong(entries: readonly AuditEntry[]): readonly string[] {
  return entries
    .filter(({ verb, resource }) => WRITES.has(verb) && resource !== "leases")
    .map(({ verb, resource, namespace, name }) => `${verb} ${resource} ${namespace}/${name}`);
}

/** Of these: reads of many objects, as `list pods`. */
export function listsAmong(entries: readonly AuditEntry[]): readonly string[] {
  return entries
    .filter(({ verb }) => verb === "list")
    .map(({ verb, resource }) => `${verb} ${resource}`);
}
