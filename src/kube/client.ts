import { setTimeout as sleep } from "node:timers/promises";
import { HttpMethod, RequestContext, type KubeConfig } from "@kubernetes/client-node";
import { Agent, request, type Dispatcher } from "undici";
import { firstLine, KubeError } from "./kubeError.ts";

/** How long an answer may take. */
const TIMEOUT_MS = 10_000;

/** An API server under load asks to come back: how often that is done, and how long is waited. */
const RETRIES_MAX = 5;
const RETRY_AFTER_MS_MAX = 10_000;

/** What an API server said. */
export interface KubeAnswer {
  readonly status: number;
  /** The JSON of the body; undefined when it is none. */
  readonly body: unknown;
}

/** A connection to one API server. */
export interface KubeClient {
  /** Its address, for messages. */
  readonly server: string;
  /**
   * Reads a path of the API.
   *
   * @throws KubeError when there is no answer
   */
  readonly get: (path: string) => Promise<KubeAnswer>;
  /** Ends its connections. */
  readonly close: () => Promise<void>;
}

/**
 * Talks to the cluster of a kubeconfig, over connections that are kept: the library's own calls
 * open one each. It logs in anew for each request, since tokens expire.
 *
 * @throws KubeError when the kubeconfig names no cluster
 */
export function connect(config: KubeConfig): KubeClient {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new KubeError("the kubeconfig names no cluster");
  const { server } = cluster;
  let dispatcher: Dispatcher | undefined;

  const authenticated = async (url: string) => {
    try {
      const context = new RequestContext(url, HttpMethod.GET);
      await config.applySecurityAuthentication(context);
      return context;
    } catch (cause) {
      throw new KubeError(`can't log in to ${server}: ${reasonOf(cause)}`, { cause });
    }
  };
  const ask = async (path: string) => {
    const context = await authenticated(`${server}${path}`);
    dispatcher ??= context.getDispatcher() ?? new Agent();
    try {
      const { statusCode, headers, body } = await request(context.getUrl(), {
        dispatcher,
        headers: { ...context.getHeaders(), accept: "application/json" },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return { status: statusCode, retryAfter: headers["retry-after"], text: await body.text() };
    } catch (cause) {
      throw new KubeError(`can't reach ${server}: ${reasonOf(cause)}`, { cause });
    }
  };

  const get = async (path: string) => {
    let answer = await ask(path);
    for (let retry = 0; retry < RETRIES_MAX && answer.status === 429; retry++) {
      await sleep(retryAfterMs(answer.retryAfter));
      answer = await ask(path);
    }
    return { status: answer.status, body: jsonOf(answer.text) };
  };

  const close = async () => {
    await dispatcher?.close();
  };
  return { server, get, close };
}

function retryAfterMs(header: string | string[] | undefined): number {
  const seconds = Number(header);
  return Number.isFinite(seconds) ? Math.min(seconds * 1000, RETRY_AFTER_MS_MAX) : 1000;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "it failed";
  if (error.name === "TimeoutError") return `no answer within ${TIMEOUT_MS / 1000} s`;
  // Of a name with several addresses, all of which failed; it has no message of its own.
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return firstLine(error.message);
}
