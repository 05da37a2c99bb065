import type { Console } from "../protocol/console.ts";
import { consoleMemory, type Consoles } from "../pgbouncer/processIdentity.ts";
import { consolesOf, versionOf } from "../pgbouncer/show.ts";
import { isUnreachable } from "../model/observation.ts";
import type { PgBouncerState } from "../model/pgbouncer.ts";
import type { BudgetLogins, Login } from "./budgetLogins.ts";
import { sampleWindow, stateSample, type StateSample } from "./pgbouncerState.ts";
import { unavailableBecause } from "../postgres/failures.ts";
import { poll, type ObserverOptions, type Poller } from "./poller.ts";

/** One PgBouncer process, and where it listens. */
export interface PgBouncerTarget {
  /** The pod's name where it has one, else host:port. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** As in PgBouncerSnapshot. */
  readonly isAddress?: boolean;
}

/** Asks a PgBouncer process. */
export interface PgBouncerPoller extends Poller<PgBouncerState> {
  readonly consoles: () => Consoles;
}

const SAMPLE_MS = 1000;
const ANSWER_MS_MAX = 3000;
/** A console that is open blocks the exit of a PgBouncer that was asked to stop: never for long. */
const CONSOLE_MS_MAX = 60_000;
/** When its Secret is asked for again that could not be had. */
const LOGIN_AGAIN_MS = 10_000;

/**
 * Asks one PgBouncer process every second over a console that it keeps open.
 *
 * @param onChange is called when what a judgement can observe has changed
 */
export function pollPgBouncer(
  target: PgBouncerTarget,
  logins: Pick<BudgetLogins, "stats">,
  { runtime, network, onSample }: ObserverOptions,
  onChange: () => void,
): PgBouncerPoller {
  const memory = consoleMemory();
  const window = sampleWindow();
  const address = `${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}`;
  let open:
    | { readonly console: Console; readonly version: string; readonly sinceMs: number }
    | undefined;

  const close = async () => {
    const closing = open?.console;
    open = undefined;
    await closing?.close();
  };
  const enter = async (nowMs: number, stopped: AbortSignal) => {
    if (open !== undefined && nowMs - open.sinceMs < CONSOLE_MS_MAX) return open;
    let login: Login;
    try {
      login = await logins.stats(stopped);
    } catch (error) {
      // An API server that is away hides no PgBouncer whose console is open.
      if (open === undefined || !isUnreachable(error)) throw error;
      open = { ...open, sinceMs: nowMs - CONSOLE_MS_MAX + LOGIN_AGAIN_MS };
      return open;
    }
    stopped.throwIfAborted();
    await close();
    return asLogin(target, address, login, async () => {
      const console = await network.openConsole({ ...target, ...login }, ANSWER_MS_MAX);
      try {
        const version = versionOf(await console.show("VERSION"));
        open = { console, version, sinceMs: nowMs };
        return open;
      } catch (error) {
        await console.close();
        throw error;
      }
    });
  };
  const ask = async (nowMs: number, stopped: AbortSignal): Promise<PgBouncerState> => {
    const { console, version } = await enter(nowMs, stopped);
    const { sample, listed } = await asLogin(target, address, undefined, () => askConsole(console));
    memory.answered(console.applicationName, listed, runtime.monotonicMs());
    return { version, address, ...sample, window: window.add(sample, runtime.monotonicMs()) };
  };
  const poller = poll(
    {
      ask,
      pauseMs: (answerMs) => Math.max(0, SAMPLE_MS - answerMs),
      onAnswer: () => onSample("answered"),
      onFailure: async () => {
        await close();
        window.interrupt();
        onSample("failed");
      },
      whileFailing: withoutMinima,
      beside: memory.consoles,
    },
    runtime,
    onChange,
  );
  return {
    observation: poller.observation,
    consoles: memory.consoles,
    stop: async () => {
      const stopped = poller.stop();
      // Else a PgBouncer that has stopped answering would hold this up.
      await close();
      await stopped;
      await close();
    },
  };
}

/** It has just failed to answer: its clients may have gone to another process meanwhile. */
function withoutMinima(state: PgBouncerState): PgBouncerState {
  return { ...state, window: { ...state.window, addressesHeldMin: new Map() } };
}

async function askConsole(
  console: Console,
): Promise<{ readonly sample: StateSample; readonly listed: readonly string[] }> {
  const databases = await console.show("DATABASES");
  const clients = await console.show("CLIENTS");
  const lists = await console.show("LISTS");
  const pools = await console.show("POOLS");
  const config = await console.show("CONFIG");
  const rows = { databases, clients, lists, pools, config };
  return { sample: stateSample(rows, console.applicationName), listed: consolesOf(clients) };
}

/** @param login undefined once it is let in */
async function asLogin<T>(
  { name }: PgBouncerTarget,
  address: string,
  login: Login | undefined,
  asked: () => Promise<T>,
): Promise<T> {
  try {
    return await asked();
  } catch (error) {
    const what = name === address ? `PgBouncer ${address}` : `PgBouncer ${name} (${address})`;
    throw unavailableBecause({ server: "PgBouncer", what, user: "", ...login }, error);
  }
}
