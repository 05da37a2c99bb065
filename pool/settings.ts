import { BadPoolSetting } from "./errors.ts";
import { POOL_ENV, POOL_PORT, POOL_PORT_ENV } from "./names.ts";

/** What a number may be. */
interface Range {
  readonly least: number;
  readonly most: number;
}

const CONNECTIONS: Range = { least: 0, most: 1_000_000 };
const MILLISECONDS: Range = { least: 0, most: 86_400_000 };
const PORTS: Range = { least: 0, most: 65_535 };

/** What code may say itself; the rest is read from the environment. */
export interface PoolNumberOptions {
  /** The limit to begin with; the limit file goes before it. */
  readonly max?: number;
  /** Connections kept open while there is nothing to do. */
  readonly minIdle?: number;
  /** After this an idle connection is closed; 0: never. */
  readonly idleTimeoutMs?: number;
  /** How long a checkout waits for a connection; 0: for ever. */
  readonly connectionTimeoutMs?: number;
  /** How long a pool that ends waits for connections in use; 25 s by default. */
  readonly gracePeriodMs?: number;
  /** The longest life of a connection; 60 s by default, below PgBouncer's grace period. */
  readonly maxLifetimeMs?: number;
  /** A connection held for longer is logged with the place that took it; 0, the default: never. */
  readonly leakAfterMs?: number;
  /** Where /limit and /metrics are served, or the first free one after it; 0: any. */
  readonly port?: number;
  /** Where the server's `spec.pool.env` names other variables: the same names here. */
  readonly env?: Partial<Record<keyof typeof POOL_ENV, string>>;
}

/** The settings of one pool, from its options or its environment. */
export type PoolNumbers = Readonly<Required<Omit<PoolNumberOptions, "env">>>;

/** Those that no variable is there for. */
type MsOption = "gracePeriodMs" | "maxLifetimeMs" | "leakAfterMs";

type ProcessEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * The pool's numbers: from the options, else from the environment, else those that fit any plan. A
 * process without a limit has one connection: every plan guarantees that many.
 *
 * @throws BadPoolSetting which one is wrong, what was found, and what is allowed
 */
export function readNumbers(
  options: PoolNumberOptions,
  environment: ProcessEnvironment,
): PoolNumbers {
  const names = { ...POOL_ENV, port: POOL_PORT_ENV, ...options.env };
  const read = (key: keyof typeof names, range: Range, fallback: number) =>
    options[key] === undefined
      ? readVariable(names[key], environment, range, fallback)
      : checked(`option ${key}`, options[key], String(options[key]), range);
  const readMs = (key: MsOption, fallback: number, least = 0) => {
    const value = options[key] ?? fallback;
    return checked(`option ${key}`, value, String(value), { ...MILLISECONDS, least });
  };
  return {
    max: read("max", { ...CONNECTIONS, least: 1 }, 1),
    minIdle: read("minIdle", CONNECTIONS, 0),
    idleTimeoutMs: read("idleTimeoutMs", MILLISECONDS, 10_000),
    connectionTimeoutMs: read("connectionTimeoutMs", MILLISECONDS, 2_000),
    gracePeriodMs: readMs("gracePeriodMs", 25_000),
    maxLifetimeMs: readMs("maxLifetimeMs", 60_000, 1),
    leakAfterMs: readMs("leakAfterMs", 0),
    port: read("port", PORTS, POOL_PORT),
  };
}

/** Whether anybody said how many connections this process may have. */
export function isMaxGiven(options: PoolNumberOptions, environment: ProcessEnvironment): boolean {
  return options.max !== undefined || environment[options.env?.max ?? POOL_ENV.max] !== undefined;
}

function readVariable(
  name: string,
  environment: ProcessEnvironment,
  range: Range,
  fallback: number,
): number {
  const text = environment[name];
  if (text === undefined) return fallback;
  return checked(`environment variable ${name}`, wholeNumber(text), JSON.stringify(text), range);
}

function checked(what: string, value: number | undefined, found: string, range: Range): number {
  const { least, most } = range;
  if (value !== undefined && Number.isInteger(value) && value >= least && value <= most) {
    return value;
  }
  throw new BadPoolSetting(
    `${what}: found ${found}; allowed is a whole number from ${least} to ${most}`,
  );
}

/** @returns undefined unless the text is nothing but a whole number, white space around it aside */
function wholeNumber(text: string): number | undefined {
  return /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : undefined;
}

/** @returns the limit that a limit file's text says; undefined when it says none */
export function limitIn(text: string): number | undefined {
  const limit = wholeNumber(text);
  return limit !== undefined && limit >= 1 && limit <= CONNECTIONS.most ? limit : undefined;
}
