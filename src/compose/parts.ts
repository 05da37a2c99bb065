import type { McpServer } from "../api/mcpServer.ts";
import { literal } from "./interpolation.ts";
import { bytesOf, cpusOf } from "./quantity.ts";

/** A service of a compose file, in the words of the compose specification. */
export type Service = Readonly<Record<string, unknown>>;

/** A file that a container sees, from a secret or a config at the top of the compose file. */
export interface MountedFile {
  /** Its name among the project's. */
  readonly source: string;
  /** In the container: a path, or a name below /run/secrets. */
  readonly target: string;
}

/** Secrets or configs by their name in the project: where each lies in the folder. */
export type ProjectFiles = ReadonlyMap<string, string>;

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
 * Folders in memory that any user may write, as /tmp is. The mode must be said: without it a
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
export function environmentOf(values: ReadonlyMap<string, string>): Service {
  return Object.fromEntries([...values].map(([name, value]) => [name, literal(value)]));
}

const PULL_POLICY = { Always: "always", IfNotPresent: "missing", Never: "never" } as const;

/** imagePullPolicy in compose's words; nothing when the user left it out. */
export function pullPolicy(policy: keyof typeof PULL_POLICY | undefined): Service {
  return policy === undefined ? {} : { pull_policy: PULL_POLICY[policy] };
}

/** Scheduling fields of a pod, which nothing here corresponds to. */
const SCHEDULING = [
  "nodeSelector",
  "tolerations",
  "affinity",
  "topologySpreadConstraints",
  "priorityClassName",
  "imagePullSecrets",
] as const;

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
