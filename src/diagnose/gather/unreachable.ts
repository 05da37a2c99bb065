import { connect } from "node:net";

import { networkOf } from "../causes/owners.ts";
import { lastOf } from "../causes/window.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { ClientRow, LivePgBouncer } from "../../model/pgbouncer.ts";

/** The time for an address to answer. After 3 s, Linux knows that no machine has the address. */
const CONNECT_TIMEOUT_MS = 4000;
/** The most lively neighbours that are asked in each network; one answer is enough. */
const NEIGHBOURS = 3;

/**
 * Which addresses no packet reaches any more, of those whose clients have all been silent. Each is
 * asked for one TCP connection, to the port that its client came from, where no program listens: a
 * machine that is alive refuses it.
 *
 * Only `no route to host` and its like count, and only where a neighbour in the same network, whose
 * clients have just asked something, does answer: this machine may have no way there at all. No
 * answer in time is no proof either: firewalls do that.
 *
 * @param silentMs how long a client has asked nothing, at least
 * @returns sorted; undefined when none was probed
 */
export async function unreachableAddresses(
  pgbouncers: readonly LivePgBouncer[],
  silentMs: number,
  runtime: Runtime,
): Promise<readonly string[] | undefined> {
  const peers = pgbouncers.flatMap((pgbouncer) => {
    const { clients, atMs } = lastOf(pgbouncer);
    return clients.map((client) => ({ client, isSilent: atMs - client.requestedAtMs >= silentMs }));
  });
  const byAddress = Map.groupBy(peers, ({ client }) => client.address);
  const addresses = [...byAddress].flatMap(([address, own]) => {
    const [first] = own;
    const network = networkOf(address);
    if (first === undefined || network === undefined) return [];
    return [{ client: first.client, network, isSilent: own.every(({ isSilent }) => isSilent) }];
  });
  const lively = Map.groupBy(
    addresses.filter(({ isSilent }) => !isSilent),
    ({ network }) => network,
  );
  const silent = addresses.filter(({ isSilent, network }) => isSilent && lively.has(network));
  if (silent.length === 0) return undefined;

  const networks = new Set(silent.map(({ network }) => network));
  const reached = await Promise.all(
    [...networks].map(async (network) => {
      const neighbours = (lively.get(network) ?? []).slice(0, NEIGHBOURS);
      const answers = await Promise.all(neighbours.map(({ client }) => probe(client, runtime)));
      return answers.includes("alive") ? network : undefined;
    }),
  );
  const within = silent.filter(({ network }) => reached.includes(network));
  if (within.length === 0) return undefined;
  const answers = await Promise.all(
    within.map(async ({ client }) => ({
      address: client.address,
      is: await probe(client, runtime),
    })),
  );
  return answers
    .filter(({ is }) => is === "unreachable")
    .map(({ address }) => address)
    .toSorted();
}

type Reach = "alive" | "unreachable" | "unknown";

function probe({ address, port }: ClientRow, { after }: Runtime): Promise<Reach> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const finish = (reach: Reach) => {
      forget();
      socket.destroy();
      resolve(reach);
    };
    const forget = after(CONNECT_TIMEOUT_MS, () => finish("unknown"));
    socket.once("connect", () => finish("alive"));
    socket.once("error", (error) => finish(reachAfter(error)));
  });
}

function reachAfter(error: Error & { readonly code?: string }): Reach {
  if (error.code === "ECONNREFUSED") return "alive";
  return error.code === "EHOSTUNREACH" || error.code === "ENETUNREACH" ? "unreachable" : "unknown";
}
