import type { ConnectionBudget } from "../api/connectionBudget.ts";
import type { KubeClient } from "../kube/client.ts";
import type { Handshake } from "../model/budgetSnapshot.ts";
import { PENDING, type Observation } from "../model/observation.ts";
import type { PgBouncerSnapshot } from "../model/pgbouncer.ts";
import { budgetLogins } from "./budgetLogins.ts";
import { processMemory, sameProcesses } from "../pgbouncer/processIdentity.ts";
import type { Semaphore } from "../runtime/semaphore.ts";
import { pollMcpServer, type McpEndpoints, type McpPoller } from "./mcpPoller.ts";
import { pollPgBouncer, type PgBouncerTarget, type PgBouncerPoller } from "./pgbouncerPoller.ts";
import { poll, pollers, type ObserverOptions, type Poller } from "./poller.ts";
import type { PgBouncerTargets } from "./pgbouncerTargets.ts";
import { pollPostgres } from "./postgresPoller.ts";

export type BudgetObserver = ReturnType<typeof observeBudget>;

interface BudgetObserverOptions extends ObserverOptions {
  readonly client: KubeClient;
  /** Limits the handshakes that are under way at once. */
  readonly limit: Semaphore;
}

/**
 * Asks the parts of one budget that are not in the API, as it is written now, and holds connections,
 * one console a process. Only `retarget` and `stop` open and close them; all else is a question that
 * changes nothing.
 *
 * @param onChange is called when what a judgement can observe has changed
 */
export function observeBudget(
  budget: ConnectionBudget,
  options: BudgetObserverOptions,
  onChange: () => void,
) {
  const { client, runtime, limit } = options;
  const logins = budgetLogins(client, runtime, budget);
  const { namespace } = budget.metadata;
  const processes = pollers<PgBouncerPoller>();
  const hosts = pollers<Poller<readonly string[]>>();
  const handshakes = pollers<McpPoller>();
  const memory = processMemory();
  let targets: PgBouncerTargets | undefined;

  /** Undefined: not known. */
  const processTargets = (): readonly PgBouncerTarget[] | undefined => {
    if (targets?.kind === "Processes") return targets.targets;
    if (targets?.kind !== "Host") return undefined;
    const { host, port } = targets;
    const addresses = hosts.get(host)?.observation();
    if (addresses?.state !== "available") return undefined;
    // Its name where that leads to one alone: a message should say what the spec says.
    const nameOf = (address: string) => `${addresses.value.length === 1 ? host : address}:${port}`;
    return addresses.value.map((address) => ({
      name: nameOf(address),
      host: address,
      port,
      isAddress: true,
    }));
  };
  const observed = (known: readonly PgBouncerTarget[]) =>
    known.map((target) => {
      const key = keyOf(target);
      const poller = processes.get(key);
      const observation = poller?.observation() ?? PENDING;
      const consoles = poller?.consoles() ?? { own: [], listed: [] };
      return {
        ...target,
        key,
        observation,
        isAvailable: observation.state === "available",
        consoles,
      };
    });
  const noteProcesses = () => memory.note(observed(processTargets() ?? []));
  const onProcessChange = () => {
    noteProcesses();
    onChange();
  };
  const postgres = pollPostgres(budget, logins, () => processTargets() ?? [], options, onChange);

  return {
    /**
     * Which processes and ready pods there are may change at any time.
     *
     * @param servers the ready pods of each, by its name
     */
    retarget: (now: PgBouncerTargets, servers: ReadonlyMap<string, McpEndpoints>) => {
      targets = now;
      handshakes.reconcile(
        [...servers].map(([name, endpoints]) => [
          name,
          () => pollMcpServer(endpoints, options, limit, onChange),
        ]),
      );
      for (const [name, endpoints] of servers) handshakes.get(name)?.retarget(endpoints);
      const host = now.kind === "Host" ? [now.host] : [];
      hosts.reconcile(
        host.map((name) => [name, () => pollHost(name, namespace, options, onChange)]),
      );
      processes.reconcile(
        (processTargets() ?? []).map((target) => [
          keyOf(target),
          () => pollPgBouncer(target, logins, options, onProcessChange),
        ]),
      );
      noteProcesses();
    },
    pgbouncers: (): Observation<readonly PgBouncerSnapshot[]> => {
      if (targets?.kind === "None") {
        return { state: "unavailable", reason: targets.reason, message: targets.message };
      }
      const host = targets?.kind === "Host" ? hosts.get(targets.host)?.observation() : undefined;
      if (host?.state === "unavailable") return host;
      const known = processTargets();
      if (known === undefined) return PENDING;
      const all = observed(known);
      const same = sameProcesses(all.filter(({ isAvailable }) => isAvailable));
      const before = memory.sharedWith(all);
      return {
        state: "available",
        value: all.map(({ name, observation, isAddress = false }) => {
          const sameProcessAs = same.get(name);
          const previouslySameProcessAs = before.get(name);
          return {
            name,
            observation,
            ...(isAddress && { isAddress }),
            ...(sameProcessAs !== undefined && { sameProcessAs }),
            ...(previouslySameProcessAs !== undefined && { previouslySameProcessAs }),
          };
        }),
      };
    },
    postgres: postgres.observation,
    handshake: (server: string): Observation<Handshake> =>
      handshakes.get(server)?.observation() ?? PENDING,
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

const ADDRESSES_AGAIN_MS = 30_000;

/** The addresses of a host that is not in the cluster's API: asked of DNS again and again. */
function pollHost(
  host: string,
  namespace: string,
  { runtime, network }: ObserverOptions,
  onChange: () => void,
): Poller<readonly string[]> {
  const ask = () => network.addressesOf(host, namespace);
  const { observation, stop } = poll({ ask, pauseMs: () => ADDRESSES_AGAIN_MS }, runtime, onChange);
  // A resolver can't be stopped. Its late answer is ignored.
  return { observation, stop: async () => void stop() };
}
