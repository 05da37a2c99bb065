import { heldForCertain } from "../../conditions/poolSetting.ts";
import { heldIn } from "../../pgbouncer/held.ts";
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
  clientsIn,
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

/** The connections of one workload: those on its line, or wherever its login shows it. */
export interface WorkloadClients extends HeldClients {
  readonly workload: LiveWorkload;
  /** All connections of each pod, whatever their line, by its name, if addresses identify pods. */
  readonly byPod: ReadonlyMap<string, HeldClients>;
  /**
   * Whether addresses identify no pod: no client has one of a pod or of the pods' network, where
   * those of pods that are gone or unknown are. Somebody translates addresses, or none is known.
   */
  readonly hidden: boolean;
}

/** A workload, or a pod as `podOf` of its owners gives it. */
type ClientHolder = LiveWorkload | NonNullable<ReturnType<LiveOwners["podOf"]>>;

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
  const holdersOf = (client: ClientRow): readonly ClientHolder[] =>
    isConsole(client) || gone.has(keyOf(client))
      ? []
      : [owners.of(client)?.workload, owners.podOf(client)].filter((each) => each !== undefined);
  const windows = live.pgbouncers.map(({ samples }) =>
    heldIn(
      samples.map(({ clients }) => {
        const counts = new Map<ClientHolder, number>();
        for (const client of clients) {
          if (isWaiting(client)) continue;
          for (const holder of holdersOf(client)) counts.set(holder, (counts.get(holder) ?? 0) + 1);
        }
        return counts;
      }),
    ),
  );
  const persistent = Map.groupBy(
    live.pgbouncers
      .flatMap(persistentClientsOf)
      .flatMap((each) => holdersOf(each.client).map((holder) => ({ holder, each }))),
    ({ holder }) => holder,
  );
  const heldBy = (holder: ClientHolder): HeldClients => ({
    persistent: persistent.get(holder)?.map(({ each }) => each) ?? [],
    held: heldForCertain(holder, windows),
  });
  const networks = new Set(
    owners.workloads.flatMap(({ pods }) =>
      pods.flatMap(({ address }) => networkOf(address ?? "") ?? []),
    ),
  );
  const hasPodAddress = ({ address }: ClientRow) =>
    owners.hasPodAt(address) || networks.has(networkOf(address) ?? "");
  const addressed = new Set(
    clientsIn(live.pgbouncers).flatMap((client) =>
      hasPodAddress(client) ? holdersOf(client) : [],
    ),
  );
  return owners.workloads.map((workload) => ({
    workload,
    ...heldBy(workload),
    byPod: new Map(owners.podsOf(workload).map((pod) => [pod.pod, heldBy(pod)])),
    hidden: !addressed.has(workload),
  }));
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
