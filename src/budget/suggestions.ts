import {
  MOST_CONNECTIONS,
  processCountOf,
  type ConnectionBudget,
} from "../api/connectionBudget.ts";
import { MEMBERS_MAX, membersOf, type McpServer } from "../api/mcpServer.ts";
import { byCodeUnit } from "../text/order.ts";
import { counted, listed, NAMES_MAX } from "../text/wording.ts";
import type { FieldChange, Suggestion } from "./plan.ts";
import { fits, floorOf, floorsOf, peakProcesses, type Room } from "./sums.ts";

/**
 * What would make a budget that can't fit feasible, in the order to consider it. Each suffices
 * alone, for both sums; a change that doesn't is left out. `lines` are the servers that are counted,
 * by name.
 */
export function suggestionsFor(
  budget: ConnectionBudget,
  lines: readonly McpServer[],
  room: Room,
): readonly Suggestion[] {
  return [
    smallerPools(lines, room),
    recreate(lines, room),
    sharedProcesses(lines, room),
    fewerLines(lines, room),
    largerCapacity(budget, lines, room),
  ].filter((suggestion) => suggestion !== undefined);
}

/**
 * Guarantee less: the largest g so that the sums hold when every server guarantees at most g.
 * Servers with less keep it, and every pool.max stays.
 */
function smallerPools(lines: readonly McpServer[], room: Room): Suggestion | undefined {
  let size = 0;
  let tooLarge = Math.max(0, ...lines.map(({ spec }) => spec.pool.guaranteed)) + 1;
  while (tooLarge - size > 1) {
    const middle = Math.floor((size + tooLarge) / 2);
    if (fits(room, floorsOf(lines, middle), lines.length)) size = middle;
    else tooLarge = middle;
  }
  if (size === 0) return undefined;
  const lowered = lines.filter(({ spec }) => spec.pool.guaranteed > size);
  return {
    kind: "SmallerPools",
    text:
      `The largest uniform pool that fits is ${size}: guarantee ${size} instead of ` +
      `${rangeOf(lowered)} to ${few(lowered)} ` +
      `(${floorsOf(lines, size)} of ${room.clients} client connections).`,
    changes: lowered.flatMap((server) => {
      const { guaranteed, minIdle } = server.spec.pool;
      return [
        changeOf(server, "spec.pool.guaranteed", guaranteed, size),
        // Connections that are always open must be guaranteed, so minIdle falls with the guarantee.
        ...(minIdle > size ? [changeOf(server, "spec.pool.minIdle", minIdle, size)] : []),
      ];
    }),
  };
}

/** Their names, or how many there are where a sentence would not list them all. */
function few(servers: readonly McpServer[]): string {
  return servers.length <= NAMES_MAX ? namesOf(servers) : counted(servers.length, "server");
}

function rangeOf(lines: readonly McpServer[]): string {
  const sizes = lines.map(({ spec }) => spec.pool.guaranteed);
  const least = Math.min(...sizes);
  const most = Math.max(...sizes);
  return least === most ? `${most}` : `${least} to ${most}`;
}

/**
 * Replace pods one generation after the other: a server needs half of it then, and is away while
 * its pods change. The fewest servers that suffice: those that save most, ties by name.
 */
function recreate(lines: readonly McpServer[], room: Room): Suggestion | undefined {
  const rolling = lines
    .filter(({ spec }) => spec.rollout.type === "RollingUpdate")
    .toSorted(largestFirst);
  const found = firstThatSuffice(rolling, lines, room, (server) => ({
    clients: floorOf(server) / 2,
    lines: 0,
  }));
  if (found === undefined) return undefined;
  const { taken, floors } = found;
  return {
    kind: "Recreate",
    text:
      `Recreate instead of RollingUpdate for ${counted(taken.length, "server")}: ` +
      `${namesOf(taken)} (${floors} of ${room.clients} client connections; ` +
      `each is away while its pods are replaced).`,
    changes: taken.map((server) =>
      changeOf(server, "spec.rollout.type", "RollingUpdate", "Recreate"),
    ),
  };
}

/** A server that may move into the process of another, which then serves both from one pool. */
interface ProcessMerge {
  readonly host: McpServer;
  readonly guest: McpServer;
}

/**
 * Share a process: servers that run the same program move into one of them, as its members
 * (ACTIVE_MCP_SERVERS), and share its pool. The fewest that suffice: those that save most, ties by
 * name.
 */
function sharedProcesses(lines: readonly McpServer[], room: Room): Suggestion | undefined {
  const merges = mergesOf(lines).toSorted((a, b) => largestFirst(a.guest, b.guest));
  const found = firstThatSuffice(merges, lines, room, ({ guest }) => ({
    clients: floorOf(guest),
    lines: 1,
  }));
  if (found === undefined) return undefined;
  const { taken, floors } = found;
  const hosts = [...Map.groupBy(taken, ({ host }) => host)]
    .map(([host, group]) => ({ host, guests: group.map(({ guest }) => guest).toSorted(byName) }))
    .toSorted((a, b) => byName(a.host, b.host));
  const hosting = hosts.map(({ host, guests }) => `${host.metadata.name} hosts ${namesOf(guests)}`);
  return {
    kind: "Members",
    text:
      `Share processes: ${hosting.join("; ")} (${floors} of ${room.clients} client connections, ` +
      `${counted(lines.length - taken.length, "line")} for ${room.slots} slots).`,
    changes: hosts.flatMap(({ host, guests }) => [
      ...hostChanges(host, guests),
      ...guests.map(disabled),
    ]),
  };
}

/**
 * Every merge that costs its host nothing: it guarantees as much already, to as many processes. The
 * most generous server of each program comes first, so a host is never a guest elsewhere.
 */
function mergesOf(lines: readonly McpServer[]): readonly ProcessMerge[] {
  const merges: ProcessMerge[] = [];
  for (const group of Map.groupBy(lines, programOf).values()) {
    const hosts: { readonly host: McpServer; members: number }[] = [];
    for (const server of group.toSorted(mostGenerousFirst)) {
      const members = membersOf(server).length;
      const place = hosts.find(
        (other) =>
          peakProcesses(other.host) >= peakProcesses(server) &&
          other.members + members <= MEMBERS_MAX,
      );
      // Without an image the program is not known, so no server shares it.
      if (server.spec.image === undefined || place === undefined) {
        hosts.push({ host: server, members });
      } else {
        place.members += members;
        merges.push({ host: place.host, guest: server });
      }
    }
  }
  return merges;
}

function mostGenerousFirst(a: McpServer, b: McpServer): number {
  return (
    b.spec.pool.guaranteed - a.spec.pool.guaranteed ||
    peakProcesses(b) - peakProcesses(a) ||
    byName(a, b)
  );
}

/** What must be the same for two servers to be one program, which differ by their members alone. */
function programOf({ spec }: McpServer): string {
  const { image, command, args, env, envFrom, path, activation } = spec;
  return JSON.stringify([image, command, args, env, envFrom, path, activation, spec.pool.env]);
}

/** The host goes on to promise each guest at least what the guest had. */
function hostChanges(host: McpServer, guests: readonly McpServer[]): readonly FieldChange[] {
  const together = [host, ...guests];
  const members = [...new Set(together.flatMap(membersOf))];
  const raised = (field: string, valueOf: (server: McpServer) => number): FieldChange[] => {
    const from = valueOf(host);
    const to = Math.max(...together.map(valueOf));
    return from === to ? [] : [changeOf(host, field, from, to)];
  };
  return [
    changeOf(host, "spec.members", host.spec.members ?? null, members),
    ...raised("spec.pool.max", ({ spec }) => spec.pool.max),
    ...raised("spec.pool.minIdle", ({ spec }) => spec.pool.minIdle),
    ...raised("spec.weight", ({ spec }) => spec.weight),
    ...raised("spec.priority", ({ spec }) => spec.priority),
  ];
}

/**
 * Put servers to sleep: the lowest priority first, then the largest floor, then by name, until
 * both sums hold; then those wake again that were put to sleep in vain. Not all of them: a budget
 * without servers is no answer.
 */
function fewerLines(lines: readonly McpServer[], room: Room): Suggestion | undefined {
  const order = lines.toSorted((a, b) => a.spec.priority - b.spec.priority || largestFirst(a, b));
  const found = firstThatSuffice(order, lines, room, (server) => ({
    clients: floorOf(server),
    lines: 1,
  }));
  if (found === undefined) return undefined;
  let { taken: asleep, floors } = found;
  for (const server of asleep.toReversed()) {
    if (!fits(room, floors + floorOf(server), lines.length - asleep.length + 1)) continue;
    asleep = asleep.filter((other) => other !== server);
    floors += floorOf(server);
  }
  if (asleep.length === lines.length) return undefined;
  return {
    kind: "Disable",
    text:
      `Put ${counted(asleep.length, "server")} to sleep, the lowest priority first: ` +
      `${namesOf(asleep)} (${floors} of ${room.clients} client connections).`,
    changes: asleep.map(disabled),
  };
}

/**
 * A larger max_client_conn: comes last, since it admits more clients to the same backend
 * connections. The text says how many those are: raising it alone is what failed in the incident.
 */
function largerCapacity(
  budget: ConnectionBudget,
  lines: readonly McpServer[],
  room: Room,
): Suggestion | undefined {
  const { maxClientConn } = budget.spec.pgbouncer;
  const floors = floorsOf(lines);
  const needed = maxClientConn - room.clients + floors;
  if (needed > MOST_CONNECTIONS) return undefined;
  if (!fits({ ...room, clients: floors }, floors, lines.length)) return undefined;
  const carried =
    floors <= room.slots
      ? `Postgres could carry it: ${room.slots} slots are there for ${floors} connections.`
      : `Postgres could not carry it: the slots stay at ${room.slots} on each of ${processCountOf(budget)} ` +
        `PgBouncer processes, so of ${floors} connections at most ${room.slots} work at once ` +
        `there and the others wait. Raising this alone is what failed in the incident.`;
  return {
    kind: "MaxClientConn",
    text: `Raise maxClientConn from ${maxClientConn} to ${needed}. ${carried}`,
    changes: [changeOf(budget, "spec.pgbouncer.maxClientConn", maxClientConn, needed)],
  };
}

/**
 * The first of the candidates that together make both sums hold, and the floors that are left;
 * undefined where all together don't suffice, or none is needed.
 *
 * @param savedBy what one candidate saves: client connections, and lines
 */
function firstThatSuffice<T>(
  candidates: readonly T[],
  lines: readonly McpServer[],
  room: Room,
  savedBy: (candidate: T) => { readonly clients: number; readonly lines: number },
): { readonly taken: readonly T[]; readonly floors: number } | undefined {
  const taken: T[] = [];
  let floors = floorsOf(lines);
  let left = lines.length;
  for (const candidate of candidates) {
    if (fits(room, floors, left)) break;
    const saved = savedBy(candidate);
    taken.push(candidate);
    floors -= saved.clients;
    left -= saved.lines;
  }
  return taken.length > 0 && fits(room, floors, left) ? { taken, floors } : undefined;
}

/** What saves most comes first. */
function largestFirst(a: McpServer, b: McpServer): number {
  return floorOf(b) - floorOf(a) || byName(a, b);
}

function byName(a: McpServer, b: McpServer): number {
  return byCodeUnit(a.metadata.name, b.metadata.name);
}

function namesOf(servers: readonly McpServer[]): string {
  return listed(servers.map(({ metadata }) => metadata.name));
}

function disabled(server: McpServer): FieldChange {
  return changeOf(server, "spec.activation", server.spec.activation, "Disabled");
}

function changeOf(
  { kind, metadata }: ConnectionBudget | McpServer,
  field: string,
  from: unknown,
  to: unknown,
): FieldChange {
  return { object: `${kind}/${metadata.name}`, field, from, to };
}
