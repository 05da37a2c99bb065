import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { UnavailableError } from "../model/observation.ts";
import { openConsole } from "../protocol/console.ts";
import { askPostgres, type PostgresQuestion } from "../postgres/ask.ts";
import type { ServerLogin } from "../protocol/connection.ts";
import { deadlineOf } from "../runtime/deadline.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { handshake, type McpEndpoint } from "./handshake.ts";

export type Network = ReturnType<typeof systemNetwork>;

/** What the pollers ask over connections of their own, beside those to the API server. */
export function systemNetwork(runtime: Runtime) {
  return {
    openConsole: (login: ServerLogin, timeoutMs: number) => openConsole(login, runtime, timeoutMs),
    askPostgres: (question: PostgresQuestion, stopped: AbortSignal) =>
      askPostgres(question, runtime, stopped),
    handshake: (endpoint: McpEndpoint, stopped: AbortSignal) =>
      handshake(endpoint, runtime, stopped),
    addressesOf: (host: string, namespace: string) => addressesOf(host, namespace, runtime),
  };
}

/** A resolver that lost one packet asks again after 5 s. */
const DNS_MS_MAX = 10_000;

/**
 * The addresses of a host as seen from a namespace: a name without a dot is first looked for as a
 * Service there, since this process may live in another one.
 *
 * @throws UnavailableError when it has none, or DNS does not answer
 */
async function addressesOf(
  host: string,
  namespace: string,
  runtime: Runtime,
): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const names = host.includes(".") ? [host] : [`${host}.${namespace}.svc`, host];
  const { signal, race, release } = deadlineOf(runtime, DNS_MS_MAX);
  try {
    for (const name of names) {
      const found = await race(lookup(name, { all: true })).catch(() => []);
      const addresses = found.map(({ address }) => address);
      if (addresses.length > 0) return [...new Set(addresses)].toSorted();
      if (signal.aborted) {
        const silence = `DNS does not answer within ${DNS_MS_MAX / 1000} s`;
        throw new UnavailableError("Unreachable", `can't look up ${name}: ${silence}`);
      }
    }
  } finally {
    release();
  }
  throw new UnavailableError("HostNotFound", `there is no host ${names.join(" or ")}`);
}
