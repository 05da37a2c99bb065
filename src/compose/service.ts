import { SCHEDULING } from "../api/kubernetes.ts";
import type { McpServer } from "../api/mcpServer.ts";

/** A service of a compose file, in the words of the compose specification. */
export type Service = Readonly<Record<string, unknown>>;

/** What Pod Security "restricted" asks of a pod, in compose's words. */
export function restricted(user: string): Service {
  return {
    user,
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
  };
}

/**
 * Folders in memory that any user may write, as /tmp is. The mode must be given: without it a
 * container that is started again gets the folder that its first start made, which is root's alone
 * (moby/moby#20437), and with some versions of runc the first start does too
 * (opencontainers/runc#4971).
 */
export function inMemory(...folders: readonly string[]): readonly string[] {
  return folders.map((folder) => `${folder}:mode=1777`);
}

type Resources = McpServer["spec"]["resources"];

/** The limits of a container; requests are for a scheduler, which compose has not. */
export function resourceLimits(resources: Resources): Service | undefined {
  const { cpu, memory } = resources?.limits ?? {};
  if (cpu === undefined && memory === undefined) return undefined;
  return {
    limits: {
      ...(cpu !== undefined && { cpus: cpusOf(cpu) }),
      ...(memory !== undefined && { memory: bytesOf(memory) }),
    },
  };
}

/** What of a container's resources compose can't keep: one sentence each. */
export function resourceNotes(object: string, field: string, resources: Resources): string[] {
  const others = Object.keys(resources?.limits ?? {}).filter(
    (name) => name !== "cpu" && name !== "memory",
  );
  return [
    ...(resources?.requests === undefined
      ? []
      : [`${object}: ${field}.requests: left out: compose reserves nothing`]),
    ...others.map((name) => `${object}: ${field}.limits.${name}: left out: compose can't limit it`),
  ];
}

/** Environment as compose reads it: a mapping, with dollar signs that mean themselves. */
export function environmentOf(
  values: ReadonlyMap<string, string>,
): Readonly<Record<string, string>> {
  return Object.fromEntries([...values].map(([name, value]) => [name, literal(value)]));
}

const PULL_POLICY = { Always: "always", IfNotPresent: "missing", Never: "never" } as const;

/** imagePullPolicy in compose's words; nothing when the user left it out. */
export function pullPolicy(policy: keyof typeof PULL_POLICY | undefined): Service {
  return policy === undefined ? {} : { pull_policy: PULL_POLICY[policy] };
}

/** The scheduling fields that an object sets, each left out: one sentence each. */
export function schedulingNotes(
  object: string,
  parent: string,
  spec: Readonly<Partial<Record<(typeof SCHEDULING)[number], unknown>>>,
): string[] {
  return SCHEDULING.filter((field) => spec[field] !== undefined).map(
    (field) => `${object}: ${parent}.${field}: left out: compose has no nodes to choose among`,
  );
}

/**
 * What compose puts in the place of `${NAME}` comes from the .env file; a dollar sign that is meant
 * as one is written twice.
 */

/** Text that compose leaves as it is. */
export function literal(text: string): string {
  return text.replaceAll("$", "$$$$");
}

/** A variable of the .env file, and what holds without it: plain text without `}` and `$`. */
export function variable(name: string, fallback: string): string {
  return `\${${name}:-${fallback}}`;
}

/** Whether a text may stand as a variable's fallback. */
export function isFallback(text: string): boolean {
  return /^[-\w./:@+]+$/.test(text);
}

const POWERS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** CPUs of a Kubernetes quantity as compose writes them: `250m` is `0.25`. Up to whole millis. */
export function cpusOf(quantity: number | string): string {
  return String(Math.ceil(amountOf(quantity) * 1000 - ROUNDING) / 1000);
}

/** Bytes of a Kubernetes quantity: `1Gi` is `1073741824`. */
export function bytesOf(quantity: number | string): string {
  return String(BigInt(Math.ceil(amountOf(quantity) - ROUNDING)));
}

/** The largest error of a product of binary fractions. */
const ROUNDING = 1e-6;

function amountOf(quantity: number | string): number {
  const [, digits = "", suffix = ""] = /^([\d.]+)(.*)$/.exec(String(quantity)) ?? [];
  const power = POWERS[suffix];
  // All other suffixes are exponents: the schema allows no more.
  return power === undefined ? Number(digits + suffix) : Number(digits) * power;
}
