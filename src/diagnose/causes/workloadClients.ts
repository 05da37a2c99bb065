import { heldForCertain, heldIn } from "../../conditions/poolSetting.ts";
import { isWaiting } from "../../pgbouncer/show.ts";
import type { LiveSystem } from "../../model/liveSystem.ts";
import type { ClientRow } from "../../model/pgbouncer.ts";
import type { LiveWorkload } from "../../model/workload.ts";
import type { Cause } from "./diagnosis.ts";
import {
  countedAs,
  clientEvidence,
  joinTruncatedLines,
  placesOf,
  type CauseFinding,
} from "./finding.ts";
import { networkOf, ownersIn, type LiveOwners } from "./owners.ts";
import {
  isConsole,
  keyOf,
  maxClientConnOf,
  persistentClientsOf,
  type PersistentClient,
} from "./window.ts";

/** Connections of a workload or of one of its pods, over all PgBouncers. */
export interface HeldClients {
  /** Its clients that are in every sample. */
  readonly persistent: readonly PersistentClient[];
  /** How many of them it certainly held: see conditions/poolSetting.ts. */
  readonly held: number;
}

/** The connections of one workload. */
export interface WorkloadClients extends HeldClients {
  readonly workload: LiveWorkload;
  /** By the pod's name, if addresses identify pods. */
  readonly byPod: ReadonlyMap<string, HeldClients>;
  /**
   * Whether addresses identify no pod: no client has one of a pod or of the pods' network, where
   * those of pods that are gone or unknown are. Somebody translates addresses, or none is known.
   */
  readonly hidden: boolean;
}

/**
 * Whose clients are whose, ghosts left out.
 *
 * @param ghosts clients of the last samples that are gone
 */
export function workloadClients(
  live: LiveSystem,
  ghosts: ReadonlySet<ClientRow>,
): readonly WorkloadClients[] {
  const owners = ownersIn(live);
  const gone = new Set([...ghosts].map(keyOf));
  const persistent = live.pgbouncers.flatMap(persistentClientsOf);
  const byWorkload = Map.groupBy(ownedClients(live, gone, owners), ({ workload }) => workload);
  const networks = new Set(
    owners.workloads.flatMap(({ pods }) =>
      pods.flatMap(({ address }) => networkOf(address ?? "") ?? []),
    ),
  );
  const hasPodAddress = ({ address }: ClientRow) =>
    owners.hasPodAt(address) || networks.has(networkOf(address) ?? "");
  return owners.workloads.map((workload) => {
    const own = byWorkload.get(workload) ?? [];
    const inPods = Map.groupBy(
      own.filter(({ pod }) => pod !== undefined),
      ({ pod }) => pod ?? "",
    );
    const all = heldClientsOf(own, persistent);
    return {
      workload,
      ...all,
      byPod: new Map([...inPods].map(([pod, each]) => [pod, heldClientsOf(each, persistent)])),
      hidden: !own.some(({ client }) => hasPodAddress(client)),
    };
  });
}

/** Each client in each sample of each PgBouncer, and whose it is. */
function ownedClients({ pgbouncers }: LiveSystem, gone: ReadonlySet<string>, owners: LiveOwners) {
  return pgbouncers.flatMap((pgbouncer) =>
    pgbouncer.samples.flatMap(({ clients }, sample) =>
      clients.flatMap((client) => {
        if (isConsole(client) || gone.has(keyOf(client))) return [];
        const owner = owners.of(client);
        return owner === undefined ? [] : [{ pgbouncer, sample, client, ...owner }];
      }),
    ),
  );
}

function heldClientsOf(
  own: ReturnType<typeof ownedClients>,
  allPersistent: readonly PersistentClient[],
): HeldClients {
  const clients = new Set(own.map(({ client }) => client));
  const byPgBouncer = Map.groupBy(own, ({ pgbouncer }) => pgbouncer);
  return {
    persistent: allPersistent.filter(({ client }) => clients.has(client)),
    held: heldForCertain(
      [...byPgBouncer].map(([{ samples }, each]) =>
        heldIn(
          samples.map(
            (_, number) =>
              each.filter(({ sample, client }) => sample === number && !isWaiting(client)).length,
          ),
        ),
      ),
    ),
  };
}

/** The finding about a workload that holds too many connections. */
interface Excess extends Pick<Cause, "kind" | "summary" | "next"> {
  readonly facts: readonly string[];
  /** Its clients that are in every sample. */
  readonly persistent: readonly PersistentClient[];
  /** Connections that were too many in every sample. */
  readonly excess: number;
}

/** A finding about one workload, with its setting and who its clients are. */
export function workloadFinding(
  { poolMax, poolMaxFrom, processesPerPod }: LiveWorkload,
  { kind, summary, facts, persistent, excess, next }: Excess,
): CauseFinding {
  const from = poolMaxFrom === undefined ? "" : ` (${poolMaxFrom})`;
  const processes = countedAs(processesPerPod, "process", "processes");
  const max = Math.min(...persistent.map(({ pgbouncer }) => maxClientConnOf(pgbouncer)));
  return {
    kind,
    summary,
    evidence: [
      ...joinTruncatedLines(facts),
      ...(poolMax === undefined
        ? []
        : [`its setting: ${poolMax} a process${from}, ${processes} a pod`]),
      ...clientEvidence(persistent.map(({ client }) => client)),
    ],
    next,
    share: excess / max,
    frees: placesOf(persistent).map(({ clients, ...where }) => ({
      ...where,
      clients: Math.min(excess, clients),
    })),
  };
}
