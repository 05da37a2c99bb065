import type { KubeClient } from "./client.ts";
import { loop } from "../runtime/loop.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { fieldOf, numberAt, textAt } from "../json/fields.ts";
import {
  isObjectOf,
  listPath,
  microTime,
  objectPath,
  readObject,
  resourceVersionOf,
  type KubeObject,
} from "./object.ts";
import { isRefusal, KubeError, refusal } from "./refusal.ts";

/** Where a Lease is. */
export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
}

/** A Lease as the API server has it. */
interface LeaseRecord {
  /** Another one after each renewal. */
  readonly resourceVersion: string;
  /** Undefined: the Lease is released. */
  readonly holder: string | undefined;
  /** How long the holder may count on it; undefined when it does not say. */
  readonly durationMs: number | undefined;
  readonly object: KubeObject;
}

/** One time of leading, from `onLead` to `onLost`. */
export interface LeaderTerm {
  /**
   * To be asked right before each write: whether this process leads, by the clock, also when it
   * has just been woken and `onLost` is still to come. Once false it stays false: a later term is
   * another one.
   */
  readonly stillLeading: () => boolean;
}

/** A candidate for a Lease, and its callbacks. */
interface CandidacyOptions {
  readonly client: KubeClient;
  readonly lease: LeaseName;
  /** For people: the pod's name. A suffix that is unique to this process is added. */
  readonly candidate: string;
  /** How long other candidates do not take a lease that is not renewed; whole seconds. 15 s when absent. */
  readonly leaseDurationMs?: number;
  /** How long a leader leads on without a renewal; less than the duration. 10 s when absent. */
  readonly renewDeadlineMs?: number;
  /** How often a leader renews and others read the Lease; below the deadline. 2 s when absent. */
  readonly retryMs?: number;
  /** Must not throw. */
  readonly onLead: (term: LeaderTerm) => void;
  /**
   * The term is over, and why. It must not throw, reject, or wait for `stop`. Only when its
   * promise is resolved does this process let go of the lease, if it stops, or try to lead again;
   * others wait for no longer than the duration.
   */
  readonly onLost: (reason: string) => Promise<void> | void;
  /** What went wrong; it goes on trying. */
  readonly onError: (error: unknown) => void;
  /** It was asked for and answered: what went wrong before is over. Must not throw. */
  readonly onAnswer?: () => void;
  readonly runtime: Runtime;
}

/** A process that leads or would like to. */
export interface Candidacy {
  /** What stands in the Lease while it leads. */
  readonly identity: string;
  /** Ends its term and its trying, and lets go of the lease so that others lead at once. */
  readonly stop: () => Promise<void>;
}

/**
 * Leader election by a Lease that all candidates share. The candidate that writes its name into it leads, as
 * long as it renews it: each write is a compare-and-swap. Others take it when they have seen no
 * renewal for its whole duration on their own clock; times in the Lease are compared with none. A
 * leader counts from before it asked for its last renewal, for less than the duration: so its
 * term is over, and `onLost` called, before anybody else may lead. A process that is paused gets
 * that call when it wakes; `stillLeading` is false by then.
 *
 * What no lease can promise: a process may be paused, or its packets delayed, between asking
 * `stillLeading` and the write's arrival, and then a write of an old leader arrives under a new
 * one. So writes must be such that this is harmless: onto the version that was read
 * (`writeStatus`), or the same from every process. The clocks of the machines must run about
 * equally fast (for 15 and 10 s: none half as fast again as another), and go on while a process
 * is paused; a virtual machine that is paused as a whole notices nothing. And a person who deletes or
 * edits the Lease by hand can make two lead until the next renewal.
 *
 * @throws RangeError when the times do not fit together
 */
export function startCandidacy({
  client,
  lease,
  candidate,
  leaseDurationMs = 15_000,
  renewDeadlineMs = 10_000,
  retryMs = 2000,
  onLead,
  onLost,
  onError,
  onAnswer = nothing,
  runtime,
}: CandidacyOptions): Candidacy {
  if (leaseDurationMs % 1000 !== 0 || leaseDurationMs <= renewDeadlineMs) {
    throw new RangeError("leaseDurationMs must be whole seconds, and more than renewDeadlineMs");
  }
  if (renewDeadlineMs <= retryMs) throw new RangeError("renewDeadlineMs must be more than retryMs");

  const identity = `${candidate}_${runtime.uuid()}`;
  /** What this process last wrote as the holder. */
  let held: LeaseRecord | undefined;
  /** Until when it leads; undefined when it does not. */
  let current: { untilMs: number } | undefined;
  /** The Lease that another process holds: its version, and since when this process knows it. */
  let foreign: { readonly version: string; readonly sinceMs: number } | undefined;
  let writtenUs = 0;
  let lostIsReported: Promise<void> | void;
  let stopped = false;
  let forgetDeadline = nothing;

  const lead = (untilMs: number) => {
    const term = { untilMs };
    current = term;
    watchDeadline();
    onLead({ stillLeading: () => current === term && runtime.monotonicMs() < term.untilMs });
  };
  const lose = (reason: string) => {
    if (current === undefined) return;
    current = undefined;
    forgetDeadline();
    lostIsReported = onLost(reason);
  };
  const watchDeadline = () => {
    forgetDeadline();
    if (current === undefined) return;
    const leftMs = current.untilMs - runtime.monotonicMs();
    if (leftMs <= 0) lose(`the lease could not be renewed for ${renewDeadlineMs / 1000} s`);
    // Timers may be early.
    else forgetDeadline = runtime.after(leftMs, watchDeadline);
  };

  /** One write of a holder, or of none, onto a version that another process may have changed. */
  const write = async (was: LeaseRecord | undefined, holder: string | undefined) => {
    // Later than the time before: a renewal with the same time would not change the Lease.
    writtenUs = Math.max(runtime.epochMs() * 1000, writtenUs + 1);
    const holding = { holder, durationMs: leaseDurationMs, atUs: writtenUs };
    const written = await bounded((signal) => writeLease(client, lease, was, holding, signal));
    held = holder === undefined ? undefined : (written ?? held);
    return written;
  };
  /** Requests that hang must leave time for another one. */
  const bounded = async <T>(ask: (signal: AbortSignal) => Promise<T>) => {
    const timeoutMs = renewDeadlineMs / 2;
    const controller = new AbortController();
    const silent = `can't reach ${client.server}: no answer within ${timeoutMs / 1000} s`;
    const forget = runtime.after(timeoutMs, () => controller.abort(new KubeError(silent)));
    try {
      return await ask(controller.signal);
    } finally {
      forget();
    }
  };

  const campaign = async () => {
    const found = await bounded((signal) => readLease(client, lease, signal));
    if (found !== undefined && !isFree(found)) return;
    const askedMs = runtime.monotonicMs();
    if (stopped || (await write(found, identity)) === undefined) return;
    const untilMs = askedMs + renewDeadlineMs;
    // An answer that came too late is no term: the lease is this process' now, and renewed next.
    if (!stopped && runtime.monotonicMs() < untilMs) lead(untilMs);
  };
  const isFree = ({ holder, resourceVersion, durationMs = leaseDurationMs }: LeaseRecord) => {
    if (holder === undefined || holder === identity) return true;
    const nowMs = runtime.monotonicMs();
    if (foreign?.version !== resourceVersion)
      foreign = { version: resourceVersion, sinceMs: nowMs };
    return nowMs - foreign.sinceMs > durationMs;
  };

  const renew = async (term: { untilMs: number }) => {
    const askedMs = runtime.monotonicMs();
    if ((await write(held, identity)) !== undefined) {
      // A term that was over before the answer came is over, even if no other candidate led meanwhile.
      if (runtime.monotonicMs() < term.untilMs) term.untilMs = askedMs + renewDeadlineMs;
      watchDeadline();
      return;
    }
    const found = await bounded((signal) => readLease(client, lease, signal));
    // An earlier renewal of its own that was not answered; or somebody set a label.
    held = found?.holder === identity ? found : undefined;
    if (held === undefined) lose(`the lease is held by ${found?.holder ?? "nobody"}`);
  };

  const round = async () => {
    await lostIsReported;
    if (current === undefined) await campaign();
    else await renew(current);
  };
  const rounds = loop(runtime, async () => {
    try {
      await round();
      onAnswer();
    } catch (error) {
      onError(error);
    }
    return retryMs;
  });

  const stop = async () => {
    stopped = true;
    lose("it was stopped");
    await rounds.stop();
    await lostIsReported;
    try {
      if (held !== undefined) await write(held, undefined);
    } catch (error) {
      onError(error);
    }
  };
  return { identity, stop };
}

function nothing(): void {}

/** The next holder of a Lease. */
interface LeaseHolding extends Pick<LeaseRecord, "holder"> {
  /** Whole seconds, in milliseconds. */
  readonly durationMs: number;
  /** When it is written, in microseconds since 1970: another time than at the last write. */
  readonly atUs: number;
}

const KIND = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", plural: "leases" };

/** @throws KubeError when it can't be read; the signal's reason when that ends it */
export async function readLease(
  client: KubeClient,
  lease: LeaseName,
  signal: AbortSignal,
): Promise<LeaseRecord | undefined> {
  const object = await readObject(client, { ...KIND, ...lease }, signal);
  return object && recordOf(object);
}

/**
 * Writes a Lease onto what was read: onto that version, or where there was none.
 *
 * @param was undefined: there was none
 * @returns undefined when somebody else was faster
 * @throws KubeError when it can't be written; the signal's reason. It may be written all the same
 */
export async function writeLease(
  client: KubeClient,
  lease: LeaseName,
  was: LeaseRecord | undefined,
  holding: LeaseHolding,
  signal: AbortSignal,
): Promise<LeaseRecord | undefined> {
  const place = { ...KIND, ...lease };
  const { apiVersion, kind } = KIND;
  const empty = { apiVersion, kind, metadata: { namespace: lease.namespace, name: lease.name } };
  const answer = await client.request({
    method: was === undefined ? "POST" : "PUT",
    path: was === undefined ? listPath(place) : objectPath(place),
    body: { ...(was?.object ?? empty), spec: specFor(was, holding) },
    signal,
  });
  const { status, body } = answer;
  if ((status === 200 || status === 201) && isObjectOf(KIND, body)) return recordOf(body);
  const faster =
    isRefusal(answer, 409, "Conflict") ||
    isRefusal(answer, 409, "AlreadyExists") ||
    // Deleted since it was read.
    (was !== undefined && isRefusal(answer, 404, "NotFound"));
  if (faster) return undefined;
  throw refusal(client, "write", place, answer);
}

/** These times are for people; weir does not compare them. */
function specFor(was: LeaseRecord | undefined, { holder, durationMs, atUs }: LeaseHolding) {
  const { holderIdentity: _holder, ...old } = fieldOf(was?.object, "spec");
  const now = microTime(atUs);
  const count = numberAt(old, "leaseTransitions") ?? 0;
  const changes = holder !== undefined && was !== undefined && holder !== was.holder;
  return {
    ...old,
    ...(holder !== undefined && { holderIdentity: holder }),
    leaseDurationSeconds: durationMs / 1000,
    leaseTransitions: changes ? count + 1 : count,
    acquireTime: holder === undefined || holder === was?.holder ? old["acquireTime"] : now,
    renewTime: now,
  };
}

function recordOf(object: KubeObject): LeaseRecord {
  const durationS = numberAt(object, "spec", "leaseDurationSeconds");
  return {
    resourceVersion: resourceVersionOf(object),
    holder: textAt(object, "spec", "holderIdentity"),
    durationMs: durationS && durationS * 1000,
    object,
  };
}
