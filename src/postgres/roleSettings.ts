import type { PostgresSnapshot } from "../model/postgres.ts";

/** A setting, and where a new session of the role would have it from. */
export interface SettingRow {
  readonly name: string;
  /** The unit of a number that is written without one: `ms`, `s`, or none. */
  readonly unit: string | null;
  /** The value in the session that asks: for keepalives, the value that the system uses for 0. */
  readonly shown: string;
  /** The value that is set for the role or database. */
  readonly written: string | null;
  readonly otherwise: string;
}

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** What sessions of the role get; keepalives of 0 in all three parts are the system's. */
export function roleSettings(
  rows: readonly SettingRow[],
): Pick<PostgresSnapshot["role"], "clientConnectionCheckIntervalMs" | "keepaliveS"> {
  const effective = (name: string) => {
    const row = rows.find((each) => each.name === name);
    return row === undefined ? 0 : numberOf(row.written ?? row.otherwise, row.unit);
  };
  const parts = ["idle", "interval", "count"].map((part) => {
    const name = `tcp_keepalives_${part}`;
    const shown = Number(rows.find((each) => each.name === name)?.shown ?? 0);
    return { set: effective(name), shown };
  });
  const [idle = 0, interval = 0, count = 0] = parts.map(({ set, shown }) =>
    set === 0 ? shown : set,
  );
  return {
    clientConnectionCheckIntervalMs: effective("client_connection_check_interval"),
    keepaliveS: parts.every(({ set }) => set === 0) ? 0 : idle + interval * count,
  };
}

/** In milliseconds where the setting is a time in ms, in seconds where it is one in s. */
function numberOf(text: string, unit: string | null): number {
  const [, digits = "", written = ""] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/.exec(text) ?? [];
  const value = Number(digits);
  const base = unit === null ? undefined : MS_PER_UNIT[unit];
  const said = MS_PER_UNIT[written];
  return base === undefined || said === undefined ? value : Math.round((value * said) / base);
}
