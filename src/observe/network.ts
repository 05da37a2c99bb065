import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { UnavailableError } from "../model/observation.ts";
import type { Handshake } from "../model/budgetSnapshot.ts";
import type { PostgresSnapshot } from "../model/postgres.ts";
import { openConsole, type Console } from "../protocol/console.ts";
import { askPostgres, type PostgresQuestion } from "../postgres/ask.ts";
import type { ServerLogin } from "../protocol/connection.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { handshake, type McpEndpoint } from "./handshake.ts";

/** What the pollers ask over connections of their own, beside those to the API server. */
export interface Network {
  /** As `openConsole`. */
  readonly openConsole: (login: ServerLogin, timeoutMs: number) => Promise<Console>;
  /** As `askPostgres`. */
  readonly askPostgres: (
    question: PostgresQuestion,
    stopped: AbortSignal,
  ) => Promise<PostgresSnapshot>;
  /** As `handshake`. */
  readonly handshake: (endpoint: McpEndpoint, stopped: AbortSignal) => Promise<Handshake>;
  /**
   * The addresses of a host as seen from a namespace. @throws UnavailableError when it has none
   */
  readonly addressesOf: (host: string, namespace: string) => Promise<readonly string[]>;
}

/** That of this machine. */
export function systemNetwork(runtime: Runtime): Network {
  return {
    openConsole: (login, timeoutMs) => openConsole(login, runtime, timeoutMs),
    askPostgres: (question, stopped) => askPostgres(question, runtime, stopped),
    handshake: (endpoint, stopped) => handshake(endpoint, runtime, stopped),
    addressesOf,
  };
}

/**
 * The addresses of a host as seen from a namespace: a name without a dot is first looked for as a
 * Service there, since this process may live in another one.
 *
 * @throws UnavailableError when it has none
 */
async function addressesOf(host: string, namespace: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const names = host.includes(".") ? [host] : [`${host}.${namespace}.svc`, host];
  for (const name of names) {
    try {
      const found = await lookup(name, { all: true });
      return [...new Set(found.map(({ address }) => address))].toSorted();
    } catch {
      // The next one, or the error below.
    }
  }
  throw new UnavailableError("HostNotFound", `there is no host ${names.join(" or ")}`);
}
