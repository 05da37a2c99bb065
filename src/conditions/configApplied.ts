import {
  processCountOf,
  processesFieldOf,
  roleOf,
  type ConnectionBudget,
} from "../api/connectionBudget.ts";
import type { BudgetPlan } from "../budget/plan.ts";
import type { LineState, PgBouncerState } from "../model/pgbouncer.ts";
import { CLIENT_LOGIN_TIMEOUT_SECONDS } from "../pgbouncer/ini.ts";
import { plannedLines, type Line } from "../pgbouncer/lines.ts";
import { joinTruncated, listed } from "../text/wording.ts";
import { failureFrom, type CheckOutcome, type FailureCause } from "./condition.ts";
import type { BudgetInput } from "./input.ts";
import { outcomeOf, type ObservedPgBouncer, type ObservedPgBouncers } from "./sources.ts";

/** A line's own limit of clients came with this version. */
const OLDEST = [1, 24] as const;

type Mismatch = FailureCause<"ConfigApplied">;

/** One entry of PgBouncer's configuration that is not as it should be. */
interface Difference {
  /** A key holds for all lines. */
  readonly of: "key" | "line";
  /** `max_client_conn: 200, planned 20`, `line scene: pool_size 9, planned 4`. */
  readonly text: string;
}

/** How a process differs from the plan. */
interface ComparedProcess {
  readonly name: string;
  /** Its keys, which matter most, then planned lines, then others. */
  readonly differences: readonly Difference[];
  /** Of each server's line, in the order of the ini, whether it is as planned. */
  readonly followed: readonly { readonly line: string; readonly follows: boolean }[];
}

/**
 * ConfigApplied: whether what PgBouncer has applied (not what its file says) is what the plan says;
 * of an existing PgBouncer only what the spec says of it.
 */
export function configApplied({
  plan,
  pgbouncers,
}: Pick<BudgetInput, "plan" | "pgbouncers">): CheckOutcome<"ConfigApplied"> {
  if (!plan.known) return plan.why;
  const { budget, admitted } = plan;
  const isExisting = budget.spec.pgbouncer.existing !== undefined;
  const { available } = pgbouncers;
  const compared = available.map((pgbouncer): ComparedProcess => ({
    name: pgbouncer.name,
    ...(isExisting
      ? { differences: keysThatDiffer(budget, pgbouncer.state), followed: [] }
      : differencesFrom(admitted, budget, pgbouncer)),
  }));
  const tooOld = isExisting ? [] : oldOnes(available);
  const causes = [
    ...tooOld,
    ...moreProcesses(budget, pgbouncers),
    ...(tooOld.length > 0 ? [] : differing(compared, pgbouncers.names?.length)),
  ];
  const failure = failureFrom(causes, (texts) => texts.join("; "));
  return outcomeOf(pgbouncers, failure, {
    status: "True",
    reason: "Applied",
    message: isExisting
      ? `max_client_conn is ${budget.spec.pgbouncer.maxClientConn} and pool_mode ` +
        `${budget.spec.pgbouncer.poolMode}; weir did not make its lines and plans none of them`
      : `max_client_conn is ${budget.spec.pgbouncer.maxClientConn}, and all ` +
        `${admitted.servers.length + 1} lines are as planned`,
  });
}

/** TooOld: their lines have no limit of clients, so that nothing divides the budget. */
function oldOnes(available: readonly ObservedPgBouncer[]): readonly Mismatch[] {
  const old = available.filter(({ state }) => isTooOld(state.version));
  if (old.length === 0) return [];
  const versions = old.map(({ name, state }) => `${name} is PgBouncer ${state.version}`);
  const text = `${listed(versions)}: a line's limit of clients came with 1.24`;
  return [{ reason: "TooOld", text }];
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

/** More of them than each one's share of Postgres counts on. */
function moreProcesses(
  budget: ConnectionBudget,
  { names = [] }: ObservedPgBouncers,
): readonly Mismatch[] {
  const planned = processCountOf(budget);
  if (names.length <= planned) return [];
  const text =
    `${names.length} processes (${listed(names)}), planned ${planned} ` +
    `(${processesFieldOf(budget)}): stop those that are too many, or write how many there are`;
  return [{ reason: "MoreProcesses", text }];
}

function differing(
  compared: readonly ComparedProcess[],
  count: number | undefined,
): readonly Mismatch[] {
  const shared = sharedDifferences(compared);
  if (shared.length === 0) return [];
  const texts = shared.map(
    ({ names, texts: of }) => `${processesNamed(names, count)}: ${listed(of)}`,
  );
  const part = partlyApplied(compared);
  const why =
    part ?? "edited by hand, or a change that it has not been given: RELOAD its ini, or restart it";
  const reason = part === undefined ? "Differs" : "PartlyApplied";
  return [{ reason, text: `${joinTruncated(texts)} (${why})` }];
}

/** What differs alike is said once: keys before lines, and first what differs on most processes. */
function sharedDifferences(compared: readonly ComparedProcess[]) {
  const all = compared.flatMap(({ name, differences }) =>
    differences.map((difference) => ({ name, ...difference })),
  );
  const byText = [...Map.groupBy(all, ({ text }) => text)].map(([text, own]) => ({
    text,
    isLine: own.some(({ of }) => of === "line"),
    names: own.map(({ name }) => name),
  }));
  const sorted = byText.toSorted(
    (a, b) => Number(a.isLine) - Number(b.isLine) || b.names.length - a.names.length,
  );
  return [...Map.groupBy(sorted, ({ names }) => names.join(" ")).values()].map((alike) => ({
    names: alike[0]?.names ?? [],
    texts: alike.map(({ text }) => text),
  }));
}

/** @param count of all that are known to be processes */
function processesNamed(names: readonly string[], count: number | undefined): string {
  if (names.length === 1 || names.length !== count) return listed(names);
  return count === 2 ? "both processes" : `each of ${count} processes`;
}

/**
 * What a RELOAD that took in a part leaves behind, as far as it shows from outside: no
 * answer says which values were to be changed. One entry that differs is taken for an edit. Several are a
 * part where another process has all of them as planned, or where a process's lines follow the plan
 * up to one and none does from there on: PgBouncer reads its file from the top, and stops at what
 * it can't read.
 */
function partlyApplied(compared: readonly ComparedProcess[]): string | undefined {
  const cuts = compared.flatMap((one) => {
    const line = cutAt(one);
    return line === undefined ? [] : [{ name: one.name, line }];
  });
  const [first] = cuts;
  if (first !== undefined) {
    const same = cuts.filter(({ line }) => line === first.line).map(({ name }) => name);
    return (
      `${listed(same)} ${same.length === 1 ? "follows" : "follow"} the plan before line ` +
      `${first.line} and not from there on, as after a RELOAD that failed there: read the log, ` +
      "correct the ini, RELOAD"
    );
  }
  const behind = compared.filter(({ differences }) => differences.length > 1);
  const [follower] = compared.filter(({ differences }) => differences.length === 0);
  if (behind.length === 0 || follower === undefined) return undefined;
  return (
    `${follower.name} has applied all of it and ${listed(behind.map(({ name }) => name))} ` +
    `${behind.length === 1 ? "has" : "have"} not: a RELOAD that failed or did not reach everyone`
  );
}

/** The first line from which on no line is as planned, two at least, where those before it are. */
function cutAt({ followed }: ComparedProcess): string | undefined {
  const last = followed.findLastIndex(({ follows }) => follows);
  const before = followed.slice(0, last + 1);
  const after = followed.slice(last + 1);
  const isCut = before.length > 0 && after.length > 1 && before.every(({ follows }) => follows);
  return isCut ? after[0]?.line : undefined;
}

/** Compares the settings that a process of weir's own has applied with the whole plan. */
function differencesFrom(
  plan: BudgetPlan,
  budget: ConnectionBudget,
  { state, lines }: ObservedPgBouncer,
): Omit<ComparedProcess, "name"> {
  const planned = plannedLines(budget, plan);
  const names = new Set(planned.map(({ name }) => name));
  const compared = planned.map((line) => ({
    line: line.name,
    problems: problemsOf(line, budget, lines.get(line.name)),
  }));
  const others = [...lines.keys()].filter((name) => !names.has(name)).toSorted();
  return {
    differences: [
      ...keysThatDiffer(budget, state, { client_login_timeout: `${CLIENT_LOGIN_TIMEOUT_SECONDS}` }),
      ...compared
        .filter(({ problems }) => problems.length > 0)
        .map(({ line, problems }) => lineDiffers(line, problems.join(", "))),
      ...others.map(otherLine),
    ],
    // Without the last one, maintenance: it is the same in every plan.
    followed: compared
      .slice(0, -1)
      .map(({ line, problems }) => ({ line, follows: problems.length === 0 })),
  };
}

/**
 * Of a PgBouncer that weir did not make the spec says two keys, which all the sums rest on.
 *
 * @param more keys that weir itself sets in its own
 */
function keysThatDiffer(
  { spec }: ConnectionBudget,
  { config }: PgBouncerState,
  more: Readonly<Record<string, string>> = {},
): readonly Difference[] {
  const { maxClientConn, poolMode } = spec.pgbouncer;
  const wanted = { max_client_conn: String(maxClientConn), pool_mode: poolMode, ...more };
  return Object.entries(wanted).flatMap(([key, planned]): readonly Difference[] => {
    const found = config.get(key);
    if (found === planned) return [];
    return [{ of: "key", text: `${key}: ${found ?? "not shown"}, planned ${planned}` }];
  });
}

function problemsOf(
  { clients, slots }: Line,
  budget: ConnectionBudget,
  found: LineState | undefined,
): readonly string[] {
  if (found === undefined) return ["missing"];
  const { postgres, pgbouncer } = budget.spec;
  const fields = [
    ["max_db_client_connections", found.maxClientConnections ?? 0, clients],
    ["pool_size", found.poolSize, slots],
    ["reserve_pool_size", found.reservePoolSize, 0],
    ["pool_mode", found.poolMode, pgbouncer.poolMode],
    ["user", found.forceUser ?? "none", roleOf(budget)],
    ["host", found.host, postgres.host],
    ["port", found.port, postgres.port],
    ["dbname", found.database, postgres.database],
  ] as const;
  return [
    ...fields.flatMap(([key, value, planned]) =>
      value === planned ? [] : [`${key} ${value}, planned ${planned}`],
    ),
    ...(found.paused ? ["paused: its clients wait until RESUME"] : []),
    ...(found.disabled ? ["disabled: nobody may log in until ENABLE"] : []),
  ];
}

function otherLine(name: string): Difference {
  const why = name === "*" ? "lets anybody make lines without a limit" : "nobody planned it";
  return lineDiffers(name, why);
}

function lineDiffers(line: string, how: string): Difference {
  return { of: "line", text: `line ${line}: ${how}` };
}
