import { roleOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import type { BudgetPlan } from "../budget/plan.ts";
import { CLIENT_LOGIN_TIMEOUT_SECONDS } from "../pgbouncer/ini.ts";
import type { LineState, PgBouncerState } from "../model/pgbouncer.ts";
import { plannedLines, type Line } from "../pgbouncer/lines.ts";
import type { ObservedPgBouncer } from "./observed.ts";

/** One entry of PgBouncer's configuration that is not as it should be. */
export interface Difference {
  /** A key holds for all lines. */
  readonly of: "key" | "line";
  /** `max_client_conn: 200, planned 20`, `line scene: pool_size 9, planned 4`. */
  readonly text: string;
}

/** The entries of one process: its keys, which matter most, then planned lines, then others. */
export interface ConfigDifferences {
  readonly differences: readonly Difference[];
  /** Of each server's line, in the order of the ini, whether it is as planned. */
  readonly followed: readonly { readonly line: string; readonly follows: boolean }[];
}

/** What a process of weir's own has applied against all that the plan says. */
export function differencesFrom(
  plan: BudgetPlan,
  budget: ConnectionBudget,
  { state, lines }: ObservedPgBouncer,
): ConfigDifferences {
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
        .map(({ line, problems }) => differenceOf("line", `line ${line}: ${problems.join(", ")}`)),
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
export function keysThatDiffer(
  { spec }: ConnectionBudget,
  { config }: PgBouncerState,
  more: Readonly<Record<string, string>> = {},
): readonly Difference[] {
  const { maxClientConn, poolMode } = spec.pgbouncer;
  const wanted = { max_client_conn: String(maxClientConn), pool_mode: poolMode, ...more };
  return Object.entries(wanted).flatMap(([key, planned]) => {
    const found = config.get(key);
    if (found === planned) return [];
    return [differenceOf("key", `${key}: ${found ?? "not told"}, planned ${planned}`)];
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
  return differenceOf("line", `line ${name}: ${why}`);
}

function differenceOf(of: Difference["of"], text: string): Difference {
  return { of, text };
}
