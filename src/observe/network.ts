import type { Handshake } from "../model/budgetSnapshot.ts";
import type { PostgresSnapshot } from "../model/postgres.ts";
import { openConsole, type Console } from "../pgbouncer/console.ts";
import { askPostgres, type PostgresQuestion } from "../postgres/ask.ts";
import type { ServerLogin } from "../postgres/connection.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { handshake, type McpEndpoint } from "./handshake.ts";
import { addressesOf } from "./hostNames.ts";

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
  /** As `addressesOf`. */
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
