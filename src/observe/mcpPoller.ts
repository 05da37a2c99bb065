import { isDeepStrictEqual } from "node:util";
import type { Handshake } from "../model/budgetSnapshot.ts";
import { PENDING, type Observation } from "../model/observation.ts";
import type { McpEndpoint } from "./handshake.ts";
import { loop } from "../runtime/loop.ts";
import type { ObserverOptions } from "./poller.ts";
import type { Semaphore } from "../runtime/semaphore.ts";

/** The ready pods of one server, always in the same order. */
export type McpEndpoints = readonly (McpEndpoint & { readonly uid: string })[];

export type McpPoller = ReturnType<typeof pollMcpServer>;

const AGAIN_MS = 60_000;
/** A failure counts only after a second one, and is followed by another try sooner. */
const SECOND_TRY_MS = 2000;
const AFTER_FAILURE_MS = 15_000;

const NO_PODS: Observation<Handshake> = {
  state: "unavailable",
  reason: "NoPods",
  message: "no pod is ready",
};

/** Greets one server again and again. */
export function pollMcpServer(
  first: McpEndpoints,
  { runtime, network }: ObserverOptions,
  limit: Semaphore,
  onChange: () => void,
) {
  let endpoints = first;
  let greeted: string | undefined;
  let answer: Observation<Handshake> = PENDING;
  let failures = 0;

  const greet = async (stopped: AbortSignal): Promise<number> => {
    // The same pod as long as it is ready, so that one of several that fails is no coming and going.
    const asked = endpoints.find(({ uid }) => uid === greeted) ?? endpoints[0];
    if (asked === undefined) return AGAIN_MS;
    greeted = asked.uid;
    const said = await limit.acquire(() => network.handshake(asked, stopped));
    // It may have gone away while it was asked.
    const stays = endpoints.some(({ uid }) => uid === asked.uid);
    if (stopped.aborted || (!said.ok && !stays)) return SECOND_TRY_MS;
    failures = said.ok ? 0 : failures + 1;
    if (failures === 1) return SECOND_TRY_MS;
    const before = answer;
    answer = { state: "available", value: said };
    if (!isDeepStrictEqual(before, answer)) onChange();
    return said.ok ? AGAIN_MS * (0.75 + runtime.random() / 2) : AFTER_FAILURE_MS;
  };
  const watching = loop(runtime, greet);
  return {
    observation: () => (endpoints.length === 0 ? NO_PODS : answer),
    /** The ready pods as of now: when they change it greets one soon. */
    retarget: (now: McpEndpoints) => {
      if (isDeepStrictEqual(endpoints, now)) return;
      endpoints = now;
      watching.trigger();
    },
    stop: watching.stop,
  };
}
