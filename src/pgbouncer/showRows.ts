/** A row that SHOW gave: which columns it has depends on PgBouncer's version. */
export type ShowRow = Readonly<Record<string, unknown>>;

/** SHOW answered something that weir can't read: another program, or a version that differs. */
export class ShowError extends Error {
  override name = "ShowError";
}

/** A column's text; undefined when the version has no such column, or says nothing in it. */
export function textIn(row: ShowRow, column: string): string | undefined {
  const value = row[column];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  return typeof value === "number" ? `${value}` : undefined;
}

/** A column's number; undefined when the version has no such column, or says nothing in it. */
export function numberIn(row: ShowRow, column: string): number | undefined {
  const text = textIn(row, column);
  if (text === undefined) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** @throws ShowError when the column is not there, or says nothing */
export function textOf(row: ShowRow, column: string): string {
  return present(textIn(row, column), row, column);
}

/** @throws ShowError when the column is not there, or is no number */
export function numberOf(row: ShowRow, column: string): number {
  return present(numberIn(row, column), row, column);
}

function present<T>(value: T | undefined, row: ShowRow, column: string): T {
  if (value !== undefined) return value;
  const found = Object.keys(row).join(", ");
  throw new ShowError(`SHOW has no value in column ${column}; its columns: ${found}`);
}

const SHOWN_TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?: \S+)?$/;

/**
 * A time as SHOW gives it, `2026-11-23 19:50:11 UTC`: PgBouncer's local time in whole seconds. The
 * zone is an abbreviation, which may mean several (IST, CST), so it isn't read: the time comes back
 * as if it were UTC, in milliseconds, and `shownClockAheadMs` is the error of that. A
 * client that came before a change to or from summer time is off by that hour.
 */
export function shownTimeMs(text: string): number {
  const [, day, time] = SHOWN_TIME.exec(text) ?? [];
  if (time === undefined) throw new ShowError(`SHOW gives a time as ${text}`);
  return Date.parse(`${day}T${time}Z`);
}

/** What PgBouncer's clock showed for something that happened between two moments of ours. */
export interface ClockReading {
  readonly shownMs: number;
  readonly afterMs: number;
  readonly beforeMs: number;
}

const SECOND_MS = 1000;
/** Zones differ from UTC by multiples of this. */
const ZONE_STEP_MS = 15 * 60 * SECOND_MS;

/**
 * How far the shown clock is ahead of ours, zone and all, to be taken off a shown time. A shown
 * time s, cut to seconds, of a moment t with after ≤ t ≤ before says: s − before ≤ ahead < s + 1 s −
 * after; several readings together bound it closer. Where a whole zone is within the bounds, the
 * clocks agree; else it is the middle. Readings that contradict each other (a clock that was set
 * meanwhile): the last one alone.
 */
export function shownClockAheadMs(readings: readonly ClockReading[]): number {
  const last = readings.at(-1);
  if (last === undefined) throw new ShowError("SHOW CLIENTS does not list the console that asks");
  const low = Math.max(...readings.map(({ shownMs, beforeMs }) => shownMs - beforeMs));
  const high = Math.min(...readings.map(({ shownMs, afterMs }) => shownMs + SECOND_MS - afterMs));
  if (low > high) return shownClockAheadMs([last]);
  const zone = Math.ceil(low / ZONE_STEP_MS) * ZONE_STEP_MS;
  return zone <= high ? zone : (low + high) / 2;
}
