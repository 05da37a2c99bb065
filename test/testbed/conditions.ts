import { z } from "zod";

import type { KubeClient } from "../../src/kube/client.ts";
import { reflect } from "../../src/kube/reflector.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

const CONDITION = z.object({
  type: z.string(),
  status: z.enum(["True", "False", "Unknown"]),
  reason: z.string().default(""),
  message: z.string().default(""),
  observedGeneration: z.number().optional(),
});

const STATUS = z.object({
  metadata: z.object({ namespace: z.string(), name: z.string(), generation: z.number() }),
  status: z.object({ conditions: z.array(CONDITION).default([]) }).default({ conditions: [] }),
});

/** A condition as an object has it. */
type ReadCondition = Readonly<z.output<typeof CONDITION>>;

/** A condition that became another one. */
interface Flip {
  /** `ConnectionBudget writing/writing`. */
  readonly object: string;
  readonly type: string;
  /** Undefined: it was not there before. */
  readonly from: ReadCondition["status"] | undefined;
  readonly to: ReadCondition["status"];
  readonly reason: string;
  /** On the clock of performance.now. */
  readonly atMs: number;
}

/** What is waited for. */
export interface Wanted {
  readonly kind: "ConnectionBudget" | "McpServer";
  /** In the testbed's namespace. */
  readonly name: string;
  readonly type: string;
  readonly status: ReadCondition["status"];
  readonly reason?: string;
  /**
   * What the message has to match: for counts alone, since everything else is in it as soon as the
   * status turns. What differs in its counts is written again later.
   */
  readonly message?: RegExp;
}

/** What a condition was when it had become what was waited for. */
export interface Met extends ReadCondition {
  readonly atMs: number;
}

/** The conditions of all budgets and servers, followed by watching. */
export interface Conditions {
  /**
   * Waits until a condition is as wanted.
   *
   * @param patienceMs five minutes when absent
   * @throws with what it is instead, when it takes longer
   */
  readonly until: (wanted: Wanted, patienceMs?: number) => Promise<Met>;
  /** All conditions of an object as they are now, by type. */
  readonly of: (kind: Wanted["kind"], name: string) => ReadonlyMap<string, ReadCondition>;
  /** Every change of a condition's status since the beginning. */
  readonly flips: () => readonly Flip[];
  readonly stop: () => Promise<void>;
}

/**
 * The operator holds back for half a minute what differs in its message alone; the rest is for a
 * machine where even a Secret is not given within seconds.
 */
const PATIENCE_MS = 300_000;
/** For tests that wait for several conditions: whoever waits in vain says first what there is. */
export const CONDITIONS_TIMEOUT_MS = 4 * PATIENCE_MS;
const KINDS = [
  { kind: "ConnectionBudget", plural: "connectionbudgets" },
  { kind: "McpServer", plural: "mcpservers" },
] as const;

/** Begins to follow them; all that are there are known when this returns. */
export async function followConditions(client: KubeClient, namespace: string): Promise<Conditions> {
  const objects = new Map<string, ReadonlyMap<string, ReadCondition>>();
  const flips: Flip[] = [];
  const listeners = new Set<() => void>();

  const take = (object: string, conditions: readonly ReadCondition[]) => {
    const before = objects.get(object);
    objects.set(object, new Map(conditions.map((each) => [each.type, each])));
    for (const { type, status, reason } of conditions) {
      const from = before?.get(type)?.status;
      if (from === status) continue;
      flips.push({ object, type, from, to: status, reason, atMs: performance.now() });
    }
    for (const listener of listeners) listener();
  };
  const reflectors = KINDS.map(({ kind, plural }) =>
    reflect({
      client,
      runtime: systemRuntime,
      selection: { kind, apiVersion: "weir.dev/v1alpha1", plural, namespace },
      keep: (object) => STATUS.parse(object),
      onChange: (change) => {
        if (change.type === "deleted") objects.delete(`${kind} ${change.key}`);
        else take(`${kind} ${change.key}`, change.new.status.conditions);
      },
    }),
  );
  await Promise.all(reflectors.map(({ synced }) => synced));

  const of = (kind: string, name: string) =>
    objects.get(`${kind} ${namespace}/${name}`) ?? new Map();
  const until = (wanted: Wanted, patienceMs = PATIENCE_MS) =>
    new Promise<Met>((resolve, reject) => {
      const { kind, name, type } = wanted;
      const check = () => {
        const found: ReadCondition | undefined = of(kind, name).get(type);
        if (found === undefined || !isMet(found, wanted)) return;
        end();
        resolve({ ...found, atMs: performance.now() });
      };
      const giveUp = () => {
        end();
        const all = [...of(kind, name).values()].map(line).join("\n  ");
        reject(
          new Error(
            `${kind} ${name}: ${type} did not become ${wordsOf(wanted)} in ` +
              `${patienceMs / 1000} s; it has:\n  ${all || "no condition"}`,
          ),
        );
      };
      const timer = setTimeout(giveUp, patienceMs);
      const end = () => {
        clearTimeout(timer);
        listeners.delete(check);
      };
      listeners.add(check);
      check();
    });
  return {
    until,
    of,
    flips: () => flips,
    stop: async () => {
      await Promise.all(reflectors.map(({ stop }) => stop()));
    },
  };
}

function isMet(found: ReadCondition, { status, reason, message }: Wanted): boolean {
  return (
    found.status === status &&
    (reason === undefined || found.reason === reason) &&
    (message === undefined || message.test(found.message))
  );
}

function wordsOf({ status, reason, message }: Wanted): string {
  return [status, reason, message].filter((each) => each !== undefined).join(" ");
}

function line({ type, status, reason, message }: ReadCondition): string {
  return `${type}=${status} ${reason}: ${message}`;
}

/**
 * Waits until the budget and all these servers say Ready=True.
 *
 * @param patienceMs as of `until` when absent
 * @throws with what one says instead
 */
export async function allReady(
  { conditions }: { readonly conditions: Conditions },
  servers: readonly string[],
  patienceMs?: number,
): Promise<void> {
  const ready = { type: "Ready", status: "True" } as const;
  await Promise.all([
    conditions.until({ kind: "ConnectionBudget", name: "writing", ...ready }, patienceMs),
    ...servers.map((name) => conditions.until({ kind: "McpServer", name, ...ready }, patienceMs)),
  ]);
}

/** Of some flips: those that tell people of something bad or unknown, in words. */
export function alarmsAmong(flips: readonly Flip[]): readonly string[] {
  return flips
    .filter(({ type, to }) => to !== (type === "PoolSettingIgnored" ? "False" : "True"))
    .map(({ object, type, to, reason }) => `${object}: ${type}=${to} (${reason})`);
}
