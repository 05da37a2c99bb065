import type { ConnectionBudget } from "../api/connectionBudget.ts";
import type { KubeClient } from "../kube/client.ts";
import type { Handshake } from "../model/budgetSnapshot.ts";
import type { PoolerSnapshot, PostgresSnapshot, Sight } from "../model/budgetSnapshot.ts";
import { budgetLogins } from "../credentials/budgetLogins.ts";
import { sameProcesses } from "./consoles.ts";
import type { PoolerPlaces } from "./pgbouncerTargets.ts";
import { sharedPlaces } from "./sharedAddresses.ts";
import type { Surroundings } from "./observerOptions.ts";
import type { Turns } from "../runtime/semaphore.ts";
import { watches } from "./pollers.ts";
import { watchHandshake, type Endpoints, type HandshakeWatch } from "./watchHandshake.ts";
import { watchHost } from "./watchHost.ts";
import { watchPooler, type PoolerTarget, type PoolerWatch, type Watch } from "./pgbouncerPoller.ts";
import { watchPostgres } from "./postgresPoller.ts";

const PENDING = { state: "pending" } as const;

/** What looks at the parts of one budget that are not in the API, as it is written now. */
export interface BudgetEyes {
  /**
   * Which processes and ready pods there are may change at any time.
   *
   * @param servers the ready pods of each, by its name
   */
  readonly look: (places: PoolerPlaces, servers: ReadonlyMap<string, Endpoints>) => void;
  readonly poolers: () => Sight<readonly PoolerSnapshot[]>;
  readonly postgres: () => Sight<PostgresSnapshot>;
  readonly handshake: (server: string) => Sight<Handshake>;
  readonly stop: () => Promise<void>;
}

/** What they look with. */
export interface EyesOptions extends Surroundings {
  readonly client: KubeClient;
  /** Of the handshakes under way. */
  readonly limit: Turns;
}

/** Opens them: from now on connections are held, one console a process. */
export function openEyes(
  budget: ConnectionBudget,
  surroundings: EyesOptions,
  onSight: () => void,
): BudgetEyes {
  const { client, limit } = surroundings;
  const logins = budgetLogins(client, budget);
  const { namespace } = budget.metadata;
  const processes = watches<PoolerWatch>();
  const hosts = watches<Watch<readonly string[]>>();
  const handshakes = watches<HandshakeWatch>();
  const shared = sharedPlaces();
  let places: PoolerPlaces | undefined;

  /** Undefined: not known. */
  const targets = (): readonly PoolerTarget[] | undefined => {
    if (places?.kind === "Processes") return places.targets;
    if (places?.kind !== "Host") return undefined;
    const { host, port } = places;
    const sight = hosts.get(host)?.sight();
    if (sight?.state !== "seen") return undefined;
    const [only, ...others] = sight.value;
    if (only === undefined) return undefined;
    // Its name where that leads to one alone: a message should say what the spec says.
    const nameOf = (address: string) => `${others.length === 0 ? host : address}:${port}`;
    return sight.value.map((address) => ({
      name: nameOf(address),
      host: address,
      port,
      isAddress: true,
    }));
  };
  const keepProcesses = () => {
    processes.keep(
      new Map(
        (targets() ?? []).map((target) => [
          keyOf(target),
          () => watchPooler(target, logins, surroundings, onSight),
        ]),
      ),
    );
  };
  const postgres = watchPostgres(budget, logins, () => targets() ?? [], surroundings, onSight);

  return {
    look: (now, servers) => {
      places = now;
      handshakes.keep(
        new Map(
          [...servers].map(([name, endpoints]) => [
            name,
            () => watchHandshake(endpoints, surroundings, limit, onSight),
          ]),
        ),
      );
      for (const [name, endpoints] of servers) handshakes.get(name)?.look(endpoints);
      const host = now.kind === "Host" ? now.host : undefined;
      hosts.keep(
        new Map(
          host === undefined
            ? []
            : [[host, () => watchHost(host, namespace, surroundings, onSight)]],
        ),
      );
      keepProcesses();
    },
    poolers: () => {
      if (places?.kind === "None") {
        return { state: "unseen", reason: places.reason, message: places.message };
      }
      const host = places?.kind === "Host" ? hosts.get(places.host)?.sight() : undefined;
      if (host?.state === "unseen") return host;
      const known = targets();
      if (known === undefined) return PENDING;
      const all = known.map((target) => {
        const key = keyOf(target);
        const watch = processes.get(key);
        const sight = watch?.sight() ?? PENDING;
        const consoles = watch?.consoles() ?? { own: [], listed: [] };
        return { ...target, key, sight, isSeen: sight.state === "seen", consoles };
      });
      const same = sameProcesses(all.filter(({ isSeen }) => isSeen));
      const before = shared.look(all);
      return {
        state: "seen",
        value: all.map(({ name, sight, isAddress = false }) => {
          const sameAs = same.get(name);
          const wasSameAs = before.get(name);
          return {
            name,
            sight,
            ...(isAddress && { isAddress }),
            ...(sameAs !== undefined && { sameAs }),
            ...(wasSameAs !== undefined && { wasSameAs }),
          };
        }),
      };
    },
    postgres: postgres.sight,
    handshake: (server) => handshakes.get(server)?.sight() ?? PENDING,
    stop: async () => {
      const all = [processes, hosts, handshakes, postgres];
      await Promise.all(all.map(({ stop }) => stop()));
    },
  };
}

/** A pod that was made anew has another address; one process that moved is another one. */
function keyOf({ name, host, port }: PoolerTarget): string {
  return `${name} ${host} ${port}`;
}
