import type { LiveSystem } from "../../model/liveSystem.ts";
import type { ClientRow } from "../../model/pgbouncer.ts";
import type { LiveWorkload } from "../../model/workload.ts";
import type { CauseFinding } from "./finding.ts";
import { networkOf } from "./network.ts";
import { ownersIn } from "./owners.ts";
import { maxClientConnOf, placesOf, persistentClientsOf, type PersistentClient } from "./window.ts";
import { countedAs, groups, joinTruncatedLines } from "./wording.ts";

/** The connections of one workload, all poolers together. */
export interface WorkloadClients {
  readonly workload: LiveWorkload;
  readonly stays: readonly PersistentClient[];
  /** By the pod's name, where addresses tell. */
  readonly byPod: ReadonlyMap<string, readonly PersistentClient[]>;
  /**
   * Whether addresses tell nothing: no client has that of a pod, or one in the pods' network, where
   * those of pods that are gone or unknown are. Somebody translates addresses, or none is known.
   */
  readonly hidden: boolean;
}

/**
 * Whose clients are whose: those that are there in every sample, ghosts left out.
 *
 * @param ghosts clients of the last samples that are gone
 */
export function workloadClients(
  live: LiveSystem,
  ghosts: ReadonlySet<ClientRow>,
): readonly WorkloadClients[] {
  const owners = ownersIn(live);
  const owned = live.pgbouncers
    .flatMap(persistentClientsOf)
    .filter(({ client }) => !ghosts.has(client))
    .flatMap((stay) => {
      const owner = owners.of(stay.client);
      return owner === undefined ? [] : [{ stay, ...owner }];
    });
  const networks = new Set(
    owners.workloads.flatMap(({ pods }) =>
      pods.flatMap(({ address }) => networkOf(address ?? "") ?? []),
    ),
  );
  const isTold = ({ client: { address } }: PersistentClient) =>
    owners.hasPodAt(address) || networks.has(networkOf(address) ?? "");
  return owners.workloads.map((workload) => {
    const own = owned.filter((each) => each.workload === workload);
    const seen = own.filter(({ pod }) => pod !== undefined);
    const byPod = Map.groupBy(seen, ({ pod }) => pod ?? "");
    return {
      workload,
      stays: own.map(({ stay }) => stay),
      byPod: new Map([...byPod].map(([pod, each]) => [pod, each.map(({ stay }) => stay)])),
      hidden: !own.some(({ stay }) => isTold(stay)),
    };
  });
}

/** What each pod of a workload may open. */
export function allowedByPod({ poolMax, processesPerPod }: LiveWorkload): number | undefined {
  return poolMax === undefined ? undefined : poolMax * processesPerPod;
}

/** A finding about one workload, with its setting and who its clients are. */
export function workloadFinding(told: {
  readonly kind: "PoolSettingIgnored" | "ServerAbovePlan";
  readonly summary: string;
  readonly facts: readonly string[];
  readonly workload: LiveWorkload;
  readonly stays: readonly PersistentClient[];
  /** Connections too many. */
  readonly excess: number;
  readonly next: readonly string[];
}): CauseFinding {
  const { kind, summary, workload, stays, excess, next } = told;
  const { poolMax, poolMaxFrom, processesPerPod } = workload;
  const setting =
    poolMax === undefined
      ? []
      : [
          `its setting: ${poolMax} a process${poolMaxFrom === undefined ? "" : ` (${poolMaxFrom})`}, ${countedAs(processesPerPod, "process", "processes")} a pod`,
        ];
  const max = Math.min(...stays.map(({ pooler }) => maxClientConnOf(pooler)));
  return {
    cause: {
      kind,
      summary,
      evidence: [
        ...joinTruncatedLines(told.facts),
        ...setting,
        ...groups(stays.map(({ client }) => client)),
      ],
      next,
    },
    share: excess / max,
    frees: placesOf(stays).map(({ clients, ...where }) => ({
      ...where,
      clients: Math.min(excess, clients),
    })),
  };
}
