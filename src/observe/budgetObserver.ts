import type { ConnectionBudget } from "../api/connectionBudget.ts";
import type { KubeClient } from "../kube/client.ts";
import type { Handshake } from "../model/budgetSnapshot.ts";
import type { Observation } from "../model/observation.ts";
import type { PgBouncerSnapshot } from "../model/pgbouncer.ts";
import type { PostgresSnapshot } from "../model/postgres.ts";
import { budgetLogins } from "../credentials/budgetLogins.ts";
import { sameProcesses } from "./consoles.ts";
import type { PgBouncerTargets } from "./pgbouncerTargets.ts";
import { sharedPlaces } from "./sharedAddresses.ts";
import type { ObserverOptions } from "./observerOptions.ts";
import type { Semaphore } from "../runtime/semaphore.ts";
import { pollers } from "./pollers.ts";
import { pollMcpServer, type Endpoints, type McpPoller } from "./mcpPoller.ts";
import { pollHost } from "./hostPoller.ts";
import {
  pollPgBouncer,
  type PgBouncerTarget,
  type PgBouncerPoller,
  type Poller,
} from "./pgbouncerPoller.ts";
import { pollPostgres } from "./postgresPoller.ts";

const PENDING = { state: "pending" } as const;

/** What looks at the parts of one budget that are not in the API, as it is written now. */
export interface BudgetObserver {
  /**
   * Which processes and ready pods there are may change at any time.
   *
   * @param servers the ready pods of each, by its name
   */
  readonly retarget: (places: PgBouncerTargets, servers: ReadonlyMap<string, Endpoints>) => void;
  readonly poolers: () => Observation<readonly PgBouncerSnapshot[]>;
  readonly postgres: () => Observation<PostgresSnapshot>;
  readonly handshake: (server: string) => Observation<Handshake>;
  readonly stop: () => Promise<void>;
}

/** What they look with. */
export interface BudgetObserverOptions extends ObserverOptions {
  readonly client: KubeClient;
  /** Of the handshakes under way. */
  readonly limit: Semaphore;
}

/** Opens them: from now on connections are held, one console a process. */
export function startObserver(
  budget: ConnectionBudget,
  surroundings: BudgetObserverOptions,
  onSight: () => void,
): BudgetObserver {
  const { client, runtime, limit } = surroundings;
  const logins = budgetLogins(client, runtime, budget);
  const { namespace } = budget.metadata;
  const processes = pollers<PgBouncerPoller>();
  const hosts = pollers<Poller<readonly string[]>>();
  const handshakes = pollers<McpPoller>();
  const shared = sharedPlaces();
  let places: PgBouncerTargets | undefined;

  /** Undefined: not known. */
  const targets = (): readonly PgBouncerTarget[] | undefined => {
    if (places?.kind === "Processes") return places.targets;
    if (places?.kind !== "Host") return undefined;
    const { host, port } = places;
    const sight = hosts.get(host)?.observation();
    if (sight?.state !== "available") return undefined;
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
    processes.reconcile(
      new Map(
        (targets() ?? []).map((target) => [
          keyOf(target),
          () => pollPgBouncer(target, logins, surroundings, onSight),
        ]),
      ),
    );
  };
  const postgres = pollPostgres(budget, logins, () => targets() ?? [], surroundings, onSight);

  return {
    retarget: (now, servers) => {
      places = now;
      handshakes.reconcile(
        new Map(
          [...servers].map(([name, endpoints]) => [
            name,
            () => pollMcpServer(endpoints, surroundings, limit, onSight),
          ]),
        ),
      );
      for (const [name, endpoints] of servers) handshakes.get(name)?.look(endpoints);
      const host = now.kind === "Host" ? now.host : undefined;
      hosts.reconcile(
        new Map(
          host === undefined
            ? []
            : [[host, () => pollHost(host, namespace, surroundings, onSight)]],
        ),
      );
      keepProcesses();
    },
    poolers: () => {
      if (places?.kind === "None") {
        return { state: "unavailable", reason: places.reason, message: places.message };
      }
      const host = places?.kind === "Host" ? hosts.get(places.host)?.observation() : undefined;
      if (host?.state === "unavailable") return host;
      const known = targets();
      if (known === undefined) return PENDING;
      const all = known.map((target) => {
        const key = keyOf(target);
        const watch = processes.get(key);
        const observation = watch?.observation() ?? PENDING;
        const consoles = watch?.consoles() ?? { own: [], listed: [] };
        return { ...target, key, observation, isSeen: observation.state === "available", consoles };
      });
      const same = sameProcesses(all.filter(({ isSeen }) => isSeen));
      const before = shared.look(all);
      return {
        state: "available",
        value: all.map(({ name, observation, isAddress = false }) => {
          const sameAs = same.get(name);
          const wasSameAs = before.get(name);
          return {
            name,
            observation,
            ...(isAddress && { isAddress }),
            ...(sameAs !== undefined && { sameAs }),
            ...(wasSameAs !== undefined && { wasSameAs }),
          };
        }),
      };
    },
    postgres: postgres.observation,
    handshake: (server) => handshakes.get(server)?.sight() ?? PENDING,
    stop: async () => {
      const all = [processes, hosts, handshakes, postgres];
      await Promise.all(all.map(({ stop }) => stop()));
    },
  };
}

/** A pod that was made anew has another address; one process that moved is another one. */
function keyOf({ name, host, port }: PgBouncerTarget): string {
  return `${name} ${host} ${port}`;
}
