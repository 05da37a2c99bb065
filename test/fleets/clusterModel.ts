import { processCountOf } from "../../src/api/connectionBudget.ts";
import type { Fleet } from "../../src/api/fleet.ts";
import { planFleet } from "../../src/budget/planFleet.ts";
import type { ObjectName, Step } from "../../src/budget/transition/steps.ts";
import { applyChanges } from "./applyChanges.ts";

/**
 * A little cluster: PgBouncer processes with their inis, pods with the limits they believe in, roles
 * with their limits, and Postgres. The model goes through all states that each step may pass through,
 * and says what breaks a sum. It takes its numbers from `planFleet`, as the steps do; naivePlanner.ts
 * checks these apart.
 */

/** What a process of PgBouncer was started with. */
interface StartedWith {
  readonly postgres: string;
  readonly role: string;
  /** Σ slots of its lines. */
  readonly slots: number;
  /** Clients of each line. */
  readonly grants: ReadonlyMap<string, number>;
  /** Σ clients of all lines, and what they may be at most. */
  readonly clients: number;
  readonly clientsMax: number;
}

/** The pods of one generation of a server. */
interface Pods {
  readonly budget: string;
  readonly replicas: number;
  readonly processes: number;
  readonly limit: number;
  readonly sideBySide: boolean;
}

export class ClusterModel {
  readonly broken: string[] = [];
  readonly #next: Fleet;
  /** Each process' ini, by budget. */
  readonly #tiers = new Map<string, readonly StartedWith[]>();
  readonly #servers = new Map<string, Pods>();
  /** CONNECTION LIMIT by `POSTGRES ROLE`, and whose role it is. */
  readonly #roles = new Map<string, { readonly budget: string; readonly limit: number }>();
  readonly #postgres = new Map<string, number>();
  readonly #autoscalers = new Set<string>();

  /** A cluster that runs the old fleet, all of it. */
  constructor(old: Fleet, next: Fleet) {
    this.#next = next;
    for (const budget of old.budgets) {
      const key = keyOf(budget);
      const ini = iniOf(old, key);
      this.#tiers.set(key, Array<StartedWith>(processCountOf(budget)).fill(ini));
      this.#roles.set(`${ini.postgres} ${ini.role}`, { budget: key, limit: shareOf(budget) });
      this.#postgres.set(ini.postgres, admitted(old, ini.postgres));
    }
    for (const [key, pods] of podsOf(old)) this.#servers.set(key, pods);
    for (const server of old.servers) {
      if (server.spec.autoscaling !== undefined) this.#autoscalers.add(keyOf(server));
    }
    // A Postgres that is new to the fleet is there, and has what the fleet says.
    for (const budget of next.budgets) {
      const { postgres } = iniOf(next, keyOf(budget));
      if (!this.#postgres.has(postgres)) this.#postgres.set(postgres, admitted(next, postgres));
    }
    this.#look("at first");
  }

  /** Takes one step through all its states, to its end. */
  take(step: Step, number: number): void {
    const where = `step ${number} (${step.action})`;
    switch (step.action) {
      case "Secrets":
        break;
      case "Postgres":
        this.#postgres.set(step.postgres, step.to);
        break;
      case "Guard":
        for (const object of step.objects) {
          const role = { budget: nameOf(object), limit: step.connections };
          this.#roles.set(`${step.postgres} ${step.role}`, role);
        }
        break;
      case "Scale":
        for (const object of step.objects) {
          const inis = this.#tiers.get(nameOf(object)) ?? [];
          this.#moveTier(nameOf(object), inis.slice(0, step.to), where);
        }
        break;
      case "Delete":
        for (const object of step.objects) {
          if (object.kind === "McpServer") {
            this.#servers.delete(nameOf(object));
            this.#autoscalers.delete(nameOf(object));
          } else this.#moveTier(nameOf(object), [], where);
        }
        break;
      case "Apply":
        this.#apply(this.#generated(step.changes), step.objects, step.obsolete, where);
        break;
      case "ApplyAll":
        this.#apply(this.#next, allObjects(this.#next), step.obsolete, where);
        break;
    }
    this.#look(`after ${where}`);
  }

  /** What is different from the new fleet, all of it running and nothing else. */
  differences(): readonly string[] {
    const wanted = new ClusterModel(this.#next, this.#next);
    return [
      ...this.broken,
      ...compare("tier", this.#tiers, wanted.#tiers, (inis) => inis.length === 0),
      ...compare("server", this.#servers, wanted.#servers, () => false),
      ...compare("role", this.#roles, wanted.#roles, ({ limit }) => limit === 0),
      ...[...new Set([...this.#autoscalers, ...wanted.#autoscalers])]
        .filter((key) => this.#autoscalers.has(key) !== wanted.#autoscalers.has(key))
        .map((key) => `autoscaler ${key}`),
      ...[...wanted.#postgres].flatMap(([postgres, count]) =>
        this.#postgres.get(postgres) === count ? [] : [`Postgres ${postgres}`],
      ),
    ];
  }

  #generated(changes: Extract<Step, { action: "Apply" }>["changes"]): Fleet {
    let fleet = this.#next;
    for (const namespace of new Set(changes.map((change) => change.namespace))) {
      const here = changes.filter((change) => change.namespace === namespace);
      fleet = applyChanges(fleet, namespace, here);
    }
    return fleet;
  }

  #apply(
    fleet: Fleet,
    objects: readonly ObjectName[],
    obsolete: readonly ObjectName[],
    where: string,
  ): void {
    if (!planFleet(fleet).feasible) this.broken.push(`${where}: can't be generated`);
    for (const object of obsolete) this.#autoscalers.delete(nameOf(object));
    const pods = podsOf(fleet);
    for (const object of objects) {
      const key = nameOf(object);
      if (object.kind === "ConnectionBudget") {
        const budget = fleet.budgets.find((each) => keyOf(each) === key);
        const processes = budget === undefined ? 0 : processCountOf(budget);
        this.#moveTier(key, Array<StartedWith>(processes).fill(iniOf(fleet, key)), where);
      }
    }
    for (const object of objects) {
      const key = nameOf(object);
      const next = pods.get(key);
      if (object.kind !== "McpServer" || next === undefined) continue;
      this.#moveServer(key, next, where);
      const server = fleet.servers.find((each) => keyOf(each) === key);
      if (server?.spec.autoscaling !== undefined) this.#autoscalers.add(key);
    }
  }

  /** Each process by itself: the old one is there, or none, or the new one. */
  #moveTier(key: string, next: readonly StartedWith[], where: string): void {
    const old = this.#tiers.get(key) ?? [];
    const choices = Array.from({ length: Math.max(old.length, next.length) }, (_, ordinal) => [
      ...(old[ordinal] === undefined ? [] : [old[ordinal]]),
      ...(next[ordinal] === undefined ? [] : [next[ordinal]]),
      undefined,
    ]);
    for (const state of combinations(choices)) {
      this.#tiers.set(
        key,
        state.filter((ini) => ini !== undefined),
      );
      this.#look(`during ${where}`);
    }
    this.#tiers.set(key, next);
  }

  /**
   * Old and new pods. Where their number and their sizes change at once, the old ones are scaled
   * first; with Recreate they are gone before the first new one comes.
   */
  #moveServer(key: string, next: Pods, where: string): void {
    const old = this.#servers.get(key);
    if (old !== undefined && old.budget === next.budget) {
      const most = Math.max(old.replicas, next.replicas);
      const before = most * old.processes * old.limit;
      const after = next.replicas * next.processes * next.limit;
      const believed = next.sideBySide ? before + after : Math.max(before, after);
      this.#holds(key, next.budget, believed, `during ${where}`);
    }
    this.#servers.set(key, next);
  }

  /** Sum 3 of one server, on every process that is there. */
  #holds(key: string, budget: string, believed: number, where: string): void {
    for (const ini of this.#tiers.get(budget) ?? []) {
      const grant = ini.grants.get(key) ?? 0;
      if (believed > grant) {
        this.broken.push(`${where}: ${key} believes in ${believed}, its grant is ${grant}`);
      }
    }
  }

  /** All sums, as things stand. */
  #look(where: string): void {
    for (const [key, pods] of this.#servers) {
      // Anybody may restart its pods at any time.
      const peak = (pods.sideBySide ? 2 : 1) * pods.replicas * pods.processes * pods.limit;
      this.#holds(key, pods.budget, peak, where);
    }
    const opened = new Map<string, number>();
    for (const ini of [...this.#tiers.values()].flat()) {
      if (ini.clients > ini.clientsMax) this.broken.push(`${where}: ${ini.clients} clients`);
      const role = `${ini.postgres} ${ini.role}`;
      opened.set(role, (opened.get(role) ?? 0) + ini.slots);
    }
    for (const [role, connections] of opened) {
      const limit = this.#roles.get(role)?.limit ?? 0;
      if (connections > limit) {
        this.broken.push(`${where}: ${role} may open ${connections}, its limit is ${limit}`);
      }
    }
    for (const [postgres, there] of this.#postgres) {
      // A budget that changes its role has two for a while, and one set of processes.
      const byBudget = new Map<string, number>();
      for (const [role, { budget, limit }] of this.#roles) {
        if (!role.startsWith(`${postgres} `)) continue;
        byBudget.set(budget, Math.max(limit, byBudget.get(budget) ?? 0));
      }
      const promised = [...byBudget.values()].reduce((sum, limit) => sum + limit, 0);
      if (promised > there) {
        this.broken.push(`${where}: ${postgres} has ${there}, roles may take ${promised}`);
      }
    }
  }
}

function compare<T>(
  what: string,
  found: ReadonlyMap<string, T>,
  wanted: ReadonlyMap<string, T>,
  isNothing: (value: T) => boolean,
): readonly string[] {
  const shown = (value: T | undefined): string =>
    value === undefined || isNothing(value)
      ? "nothing"
      : JSON.stringify(value, (_, inner: unknown) => (inner instanceof Map ? [...inner] : inner));
  return [...new Set([...found.keys(), ...wanted.keys()])].flatMap((key) => {
    const [has, wants] = [shown(found.get(key)), shown(wanted.get(key))];
    return has === wants ? [] : [`${what} ${key} is ${has}, not ${wants}`];
  });
}

/** Every choice of one from each. */
function combinations<T>(choices: readonly (readonly T[])[]): readonly (readonly T[])[] {
  return choices.reduce<readonly (readonly T[])[]>(
    (some, more) => some.flatMap((each) => more.map((one) => [...each, one])),
    [[]],
  );
}

function keyOf(object: {
  readonly metadata: { readonly name: string; readonly namespace: string };
}) {
  return `${object.metadata.namespace}/${object.metadata.name}`;
}

function nameOf({ namespace, name }: ObjectName): string {
  return `${namespace}/${name}`;
}

function allObjects({ budgets, servers }: Fleet): readonly ObjectName[] {
  return [...budgets, ...servers].map(({ kind, metadata }) => ({
    kind,
    namespace: metadata.namespace,
    name: metadata.name,
  }));
}

type Budget = Fleet["budgets"][number];

function shareOf({ spec }: Budget): number {
  return spec.postgres.shareConnections ?? spec.postgres.maxConnections - 3;
}

/** All budgets of these fleets say the same of one Postgres, whose host is written in full. */
function admitted(fleet: Fleet, postgres: string): number {
  const one = fleet.budgets.find((budget) => iniOf(fleet, keyOf(budget)).postgres === postgres);
  return (one?.spec.postgres.maxConnections ?? 0) - 3;
}

function iniOf(fleet: Fleet, key: string): StartedWith {
  const budget = fleet.budgets.find((each) => keyOf(each) === key);
  const plan = planFleet(fleet).budgets.find((each) => `${each.namespace}/${each.name}` === key);
  if (budget === undefined || plan === undefined) throw new Error(`no budget ${key}`);
  const { reserve, maxClientConn } = budget.spec.pgbouncer;
  const { postgres } = budget.spec;
  let slots = reserve.maintenanceSlots;
  let clients = reserve.maintenance;
  for (const server of plan.servers) {
    slots += server.slots;
    clients += server.grant;
  }
  return {
    postgres: `${postgres.host}.cluster.local:${postgres.port}`,
    role: postgres.user ?? postgres.database,
    slots,
    grants: new Map(plan.servers.map(({ name, grant }) => [`${plan.namespace}/${name}`, grant])),
    clients,
    clientsMax: maxClientConn - reserve.consoles - reserve.logins,
  };
}

function podsOf(fleet: Fleet): ReadonlyMap<string, Pods> {
  const plan = planFleet(fleet);
  const pods = new Map<string, Pods>();
  for (const server of fleet.servers) {
    const { namespace, name } = server.metadata;
    const budget = `${namespace}/${server.spec.budgetRef.name}`;
    const planned = plan.budgets
      .find((each) => `${each.namespace}/${each.name}` === budget)
      ?.servers.find((each) => each.name === name);
    if (planned === undefined) continue;
    pods.set(keyOf(server), {
      budget,
      replicas: Math.max(server.spec.replicas, server.spec.autoscaling?.maxReplicas ?? 0),
      processes: server.spec.pool.processesPerPod,
      limit: planned.limit,
      sideBySide: server.spec.rollout.type === "RollingUpdate",
    });
  }
  return pods;
}
