import type { KubeClient } from "../../src/kube/client.ts";
import { KubeError } from "../../src/kube/refusal.ts";
import type { Network } from "../../src/observe/network.ts";
import { sleep, type Runtime } from "../../src/runtime/runtime.ts";
import type { IdleSystem } from "./idleSystem.ts";

/** What an operator reaches of a system, late by chance, and now and then not at all. */
interface UnsteadyWorld {
  readonly client: KubeClient;
  readonly network: Network;
  /** Whether the API server can be reached. */
  readonly cut: (isCut: boolean) => void;
}

/** How late an answer is at most. */
const LATE_MS_MAX = 40;
/** One of so many questions gets no answer. */
const FAILURES = {
  request: 400,
  busy: 400,
  openConsole: 20,
  show: 3000,
  postgres: 100,
  handshake: 20,
  dns: 20,
};
/** How long a watch lasts at most until its connection breaks. */
const WATCH_MS_MAX = 1_000_000;

/** @param note is told everything that is asked and what comes of it, in order */
export function unsteadyWorld(
  { api, openConsole, postgres, addressesOf }: IdleSystem,
  runtime: Runtime,
  note: (what: string) => void,
): UnsteadyWorld {
  let isCut = false;
  const late = (signal?: AbortSignal) =>
    sleep(runtime, Math.ceil(runtime.random() * LATE_MS_MAX), signal);
  const fails = (oneOf: number) => runtime.random() < 1 / oneOf;

  const request: KubeClient["request"] = async (asked) => {
    const what = `${asked.method} ${asked.path} ${JSON.stringify(asked.body) ?? ""}`;
    await late(asked.signal);
    if (isCut || fails(FAILURES.request)) {
      note(`${what}: no answer`);
      throw new KubeError("can't reach it");
    }
    if (fails(FAILURES.busy)) {
      note(`${what}: 429`);
      return { status: 429, body: undefined };
    }
    const answer = await api.client.request(asked);
    note(`${what}: ${answer.status}`);
    return answer;
  };
  const stream: KubeClient["stream"] = async (path, signal) => {
    await late(signal);
    note(`WATCH ${path}`);
    if (isCut) throw new KubeError("can't reach it");
    const broken = new AbortController();
    const breakIt = () => broken.abort(new KubeError("the connection broke"));
    const forget = runtime.after(runtime.random() * WATCH_MS_MAX, breakIt);
    const opened = await api.client.stream(path, AbortSignal.any([signal, broken.signal]));
    if (!opened.opened) return opened;
    return { opened: true, chunks: noted(opened.chunks, path, forget) };
  };
  async function* noted(chunks: AsyncIterable<Uint8Array>, path: string, forget: () => void) {
    try {
      yield* chunks;
      note(`WATCH ${path}: ended`);
    } catch (error) {
      note(`WATCH ${path}: ${String(error)}`);
      throw error;
    } finally {
      forget();
    }
  }

  const network: Network = {
    openConsole: async ({ host, user }) => {
      await late();
      if (fails(FAILURES.openConsole)) {
        note(`console of ${host}: refused`);
        throw new Error(`connect ECONNREFUSED ${host}`);
      }
      const console = openConsole(host);
      note(`console of ${host} as ${user}: ${console.applicationName}`);
      return {
        ...console,
        show: async (what) => {
          if (fails(FAILURES.show)) {
            note(`SHOW ${what} of ${host}: broken`);
            throw new Error("Connection terminated unexpectedly");
          }
          const rows = await console.show(what);
          note(`SHOW ${what} of ${host}: ${rows.length} rows`);
          return rows;
        },
      };
    },
    askPostgres: async ({ host, role }, stopped) => {
      await late(stopped);
      if (fails(FAILURES.postgres)) {
        note(`Postgres through ${host}: no answer`);
        throw new Error("timeout expired");
      }
      const answer = postgres(role);
      note(`Postgres through ${host}: ${answer.backends} backends`);
      return answer;
    },
    handshake: async ({ pod }, stopped) => {
      await late(stopped);
      const ok = !fails(FAILURES.handshake);
      note(`handshake with ${pod}: ${ok}`);
      return ok
        ? { ok, protocolVersion: "2025-11-25", serverName: "writing", pod }
        : { ok, pod, message: "no handshake within 5 s" };
    },
    addressesOf: async (host) => {
      await late();
      if (fails(FAILURES.dns)) throw new Error(`getaddrinfo EAI_AGAIN ${host}`);
      note(`addresses of ${host}`);
      return addressesOf(host);
    },
  };
  return {
    client: { ...api.client, request, get: (path) => request({ method: "GET", path }), stream },
    network,
    cut: (now) => {
      isCut = now;
    },
  };
}
