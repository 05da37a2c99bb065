import { allowedByPod } from "../../conditions/poolSetting.ts";
import { byCodeUnit } from "../../text/order.ts";
import {
  countedAs,
  distinct,
  duration,
  clientEvidence,
  type CauseFinding,
  placesOf,
} from "./finding.ts";
import type { LiveSystem } from "../../model/liveSystem.ts";
import type { LivePgBouncer } from "../../model/pgbouncer.ts";
import { networkOf, ownersIn, type LiveOwners } from "./owners.ts";
import type { Thresholds } from "./thresholds.ts";
import {
  addressesOf,
  lastOf,
  maxClientConnOf,
  silenceMs,
  persistentClientsOf,
  type PersistentClient,
} from "./window.ts";

/** Why a silent client is a ghost. */
const PROOF = {
  unreachable: "no packet reaches that address any more",
  podGone: "no pod has that address any more, and all pods of that login connect from their own",
  overPods: "they are beyond what its pods may open, and have asked nothing for very long",
} as const;

type GhostEvidence = keyof typeof PROOF;

/**
 * Ghosts, one finding a pgbouncer. Being idle is no proof, however long. A ghost asked nothing in the
 * window and for ghostSilentMs before its end, and
 * - no packet reaches its address (live.unreachableAddresses); or
 * - it logged in as a known workload, from an address that no pod of any workload has, in the pods'
 *   network, while every running pod of that login connects from its own address, so that nothing
 *   translates addresses; and PgBouncer has not probed it in that time; or
 * - addresses identify no pod (none of its login connects from its own), the workload has more
 *   clients than its pods may open, those that asked something within ghostLongSilentMs are not
 *   more, and PgBouncer has not probed the others in all that time.
 * A client that PgBouncer's TCP keepalive has probed while it was silent has answered: it lives.
 *
 * @returns the ghosts, too, which count against no workload's plan
 */
export function ghosts(live: LiveSystem, thresholds: Thresholds) {
  const owners = ownersIn(live);
  const persistent = live.pgbouncers.flatMap(persistentClientsOf);
  const proofs = new Map<PersistentClient, GhostEvidence>();
  for (const one of overPods(persistent, owners, thresholds)) proofs.set(one, "overPods");
  for (const one of persistent) {
    if (silenceMs(one) < thresholds.ghostSilentMs) continue;
    if (isPodGone(live, one, owners)) proofs.set(one, "podGone");
    if (live.unreachableAddresses?.includes(one.client.address)) proofs.set(one, "unreachable");
  }
  const byPgBouncer = Map.groupBy(proofs.keys(), ({ pgbouncer }) => pgbouncer);
  return {
    findings: [...byPgBouncer].map(([pgbouncer, own]) => findingOf(pgbouncer, own, proofs)),
    /** They count against no workload's plan. */
    clients: new Set([...proofs.keys()].map(({ client }) => client)),
  };
}

function isPodGone(live: LiveSystem, one: PersistentClient, owners: LiveOwners): boolean {
  const { pgbouncer, client } = one;
  const workloads = owners.byLogin(client);
  if (workloads.length === 0 || owners.hasPodAt(client.address)) return false;
  if (silenceMs(one) >= keepaliveMs(pgbouncer)) return false;
  const addresses = addressesOf(live.pgbouncers.flatMap((each) => lastOf(each).clients));
  const running = workloads
    .flatMap(({ pods }) => pods)
    .filter(({ ready, terminating }) => ready && !terminating);
  if (!running.every(({ address }) => address !== undefined && addresses.has(address)))
    return false;
  const network = networkOf(client.address);
  if (network === undefined) return false;
  return [...addresses].some(
    (address) => owners.hasPodAt(address) && networkOf(address) === network,
  );
}

function overPods(
  persistent: readonly PersistentClient[],
  owners: LiveOwners,
  { ghostLongSilentMs }: Thresholds,
): readonly PersistentClient[] {
  return owners.workloads.flatMap((workload) => {
    const ofPod = allowedByPod(workload);
    const own = persistent.filter(({ client }) => owners.of(client)?.workload === workload);
    const hasOwnAddress = own.some(({ client }) => owners.hasPodAt(client.address));
    if (ofPod === undefined || workload.pods.length === 0 || hasOwnAddress) return [];
    const allowed = ofPod * workload.pods.length;
    const unheard = own.filter((one) => {
      const silent = silenceMs(one);
      return silent >= ghostLongSilentMs && silent < keepaliveMs(one.pgbouncer);
    });
    return own.length > allowed && own.length - unheard.length <= allowed ? unheard : [];
  });
}

/** Linux where PgBouncer's settings are 0: two hours, then 9 probes 75 s apart. */
const KERNEL = { idleS: 7200, intervalS: 75, count: 9 };

/** After so long a dead client is gone by itself. */
export function keepaliveMs({ config }: LivePgBouncer): number {
  if (config.get("tcp_keepalive") === "0") return Number.POSITIVE_INFINITY;
  const set = (key: string, otherwise: number) => Number(config.get(key) ?? 0) || otherwise;
  const idleS = set("tcp_keepidle", KERNEL.idleS);
  const intervalS = set("tcp_keepintvl", KERNEL.intervalS);
  return (idleS + intervalS * set("tcp_keepcnt", KERNEL.count)) * 1000;
}

function findingOf(
  pgbouncer: LivePgBouncer,
  persistent: readonly PersistentClient[],
  proofs: ReadonlyMap<PersistentClient, GhostEvidence>,
): CauseFinding {
  const max = maxClientConnOf(pgbouncer);
  const addresses = distinct(persistent.map(({ client }) => client.address));
  const silences = persistent.map(silenceMs);
  const endsMs = keepaliveMs(pgbouncer);
  const byProof = Map.groupBy(persistent, (one) => proofs.get(one) ?? "podGone");
  return {
    kind: "Ghosts",
    summary: `${countedAs(persistent.length, "client is", "clients are")} gone at PgBouncer ${pgbouncer.address} and still counted: ${persistent.length} of max_client_conn ${max}`,
    evidence: [
      ...[...byProof]
        .toSorted(([a], [b]) => byCodeUnit(a, b))
        .flatMap(([proof, own]) => {
          const clients = own.map(({ client }) => client);
          return clientEvidence(clients, "ghost").map((group) => `${group}: ${PROOF[proof]}`);
        }),
      `they have asked nothing for ${duration(Math.min(...silences))} to ${duration(Math.max(...silences))}`,
      Number.isFinite(endsMs)
        ? `PgBouncer's TCP keepalive ends a dead client after ${duration(endsMs)} (tcp_keepidle ${pgbouncer.config.get("tcp_keepidle") ?? 0}, where 0 is the kernel's two hours)`
        : "PgBouncer's tcp_keepalive is 0: it never ends a dead client",
    ],
    next: [
      `to free their places now, on PgBouncer's console: SHOW CLIENTS, and KILL_CLIENT id for each from ${addresses.join(", ")} (1.24 and newer; else restart PgBouncer)`,
      "in pgbouncer.ini set tcp_keepalive = 1, tcp_keepidle = 30, tcp_keepintvl = 10, tcp_keepcnt = 3, and RELOAD: new clients that die are gone in a minute",
    ],
    share: persistent.length / max,
    frees: placesOf(persistent),
  };
}
