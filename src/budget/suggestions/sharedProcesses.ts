import { membersOf, type McpServer } from "../../api/mcpServer.ts";
import { fits, floorOf, floorsOf, peakProcesses, type Room } from "../sums.ts";
import { byCodeUnit } from "../../text/order.ts";
import type { FieldChange, Suggestion } from "../plan.ts";
import { counted, listed } from "../../text/wording.ts";

/** The most members that an McpServer may have (mcpServer.ts). */
const MEMBERS_MAX = 500;

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
export function sharedProcesses(lines: readonly McpServer[], room: Room): Suggestion | undefined {
  const moves = movesOf(lines).toSorted(
    (a, b) =>
      floorOf(b.guest) - floorOf(a.guest) ||
      byCodeUnit(a.guest.metadata.name, b.guest.metadata.name),
  );
  const taken: ProcessMerge[] = [];
  let floors = floorsOf(lines);
  for (const move of moves) {
    if (fits(room, floors, lines.length - taken.length)) break;
    taken.push(move);
    floors -= floorOf(move.guest);
  }
  if (taken.length === 0 || !fits(room, floors, lines.length - taken.length)) return undefined;
  const hosts = [...Map.groupBy(taken, ({ host }) => host)].map(([host, group]) => ({
    host,
    guests: group
      .map(({ guest }) => guest)
      .toSorted((a, b) => byCodeUnit(a.metadata.name, b.metadata.name)),
  }));
  hosts.sort((a, b) => byCodeUnit(a.host.metadata.name, b.host.metadata.name));
  return {
    kind: "Members",
    text:
      `Share processes: ${hosts.map(hostingText).join("; ")} ` +
      `(${floors} of ${room.clients} client connections, ` +
      `${counted(lines.length - taken.length, "line")} for ${room.slots} slots).`,
    changes: hosts.flatMap(({ host, guests }) => [
      ...hostChanges(host, guests),
      ...guests.map((guest) => ({
        object: `McpServer/${guest.metadata.name}`,
        field: "spec.activation",
        from: guest.spec.activation,
        to: "Disabled",
      })),
    ]),
  };
}

/**
 * Every move that costs its host nothing: it guarantees as much already, to as many processes. The
 * most generous server of each program comes first, so a host is never a guest elsewhere.
 */
function movesOf(lines: readonly McpServer[]): readonly ProcessMerge[] {
  const moves: ProcessMerge[] = [];
  for (const group of Map.groupBy(lines, programOf).values()) {
    const hosts: { readonly host: McpServer; members: number }[] = [];
    for (const server of group.toSorted(mostGenerousFirst)) {
      const members = membersOf(server).length;
      const place = hosts.find(
        (other) =>
          peakProcesses(other.host) >= peakProcesses(server) &&
          other.members + members <= MEMBERS_MAX,
      );
      // Without an image the program is not known, so nobody shares it.
      if (server.spec.image === undefined || place === undefined) {
        hosts.push({ host: server, members });
      } else {
        place.members += members;
        moves.push({ host: place.host, guest: server });
      }
    }
  }
  return moves;
}

function mostGenerousFirst(a: McpServer, b: McpServer): number {
  return (
    b.spec.pool.guaranteed - a.spec.pool.guaranteed ||
    peakProcesses(b) - peakProcesses(a) ||
    byCodeUnit(a.metadata.name, b.metadata.name)
  );
}

/** What must be the same for two servers to be one program, which differ by their members alone. */
function programOf({ spec }: McpServer): string {
  const { image, command, args, env, envFrom, path, activation } = spec;
  return JSON.stringify([image, command, args, env, envFrom, path, activation, spec.pool.env]);
}

/** The host goes on to promise each guest at least what the guest had. */
function hostChanges(host: McpServer, guests: readonly McpServer[]): readonly FieldChange[] {
  const object = `McpServer/${host.metadata.name}`;
  const together = [host, ...guests];
  const members = [...new Set(together.flatMap(membersOf))];
  const raised = (field: string, valueOf: (server: McpServer) => number): FieldChange[] => {
    const from = valueOf(host);
    const to = together.reduce((most, server) => Math.max(most, valueOf(server)), from);
    return from === to ? [] : [{ object, field, from, to }];
  };
  return [
    { object, field: "spec.members", from: host.spec.members ?? null, to: members },
    ...raised("spec.pool.max", ({ spec }) => spec.pool.max),
    ...raised("spec.pool.minIdle", ({ spec }) => spec.pool.minIdle),
    ...raised("spec.weight", ({ spec }) => spec.weight),
    ...raised("spec.priority", ({ spec }) => spec.priority),
  ];
}

function hostingText({ host, guests }: { host: McpServer; guests: readonly McpServer[] }): string {
  return `${host.metadata.name} hosts ${listed(guests.map(({ metadata }) => metadata.name))}`;
}
