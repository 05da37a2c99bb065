/** The limits of PgBouncer that refuse clients: what it answers then, and what that means. */
const LIMITS = {
  max_client_conn: {
    answer: "no more connections allowed (max_client_conn)",
    meaning: "PgBouncer has no room for any client: its max_client_conn is reached",
  },
  max_db_client_connections: {
    answer: "client connections exceeded (max_db_client_connections)",
    meaning:
      "this server's line in PgBouncer is full: its processes want more connections than its grant",
  },
  max_user_client_connections: {
    answer: "client connections exceeded (max_user_client_connections)",
    meaning: "this server's login has all the connections that it may have",
  },
} as const;

/** The SQLSTATE of all these refusals, and of other errors: only the text tells them apart. */
const PROTOCOL_VIOLATION = "08P01";

/** A limit of PgBouncer that refuses clients. */
export type RefusingLimit = keyof typeof LIMITS;

export const REFUSING_LIMITS: readonly RefusingLimit[] = [
  "max_client_conn",
  "max_db_client_connections",
  "max_user_client_connections",
];

/** PgBouncer did not let a connection in because one of its limits is reached. Worth a retry. */
export class PoolRefused extends Error {
  override readonly name = "PoolRefused";
  /** PgBouncer's SQLSTATE. */
  readonly code = PROTOCOL_VIOLATION;
  /** The limit that is reached, by its name in PgBouncer's ini. */
  readonly limit: RefusingLimit;

  constructor(limit: RefusingLimit, cause?: unknown) {
    super(`${LIMITS[limit].meaning} (${LIMITS[limit].answer})`, { cause });
    this.limit = limit;
  }
}

/** @returns which limit refused a login that failed with this error; undefined for any other one */
export function refusingLimit(error: unknown): RefusingLimit | undefined {
  if (!(error instanceof Error) || sqlStateOf(error) !== PROTOCOL_VIOLATION) return undefined;
  return REFUSING_LIMITS.find((limit) => error.message.includes(LIMITS[limit].answer));
}

/** What PgBouncer says of a login that is wrong, under the same SQLSTATE as all its complaints. */
const WRONG_LOGIN =
  /authentication failed|no authentication method is found|no such (?:user|database)/;

/**
 * Whether a failed login would fail again however long one waits: a wrong password, a login or a
 * database that is not there.
 */
export function isHopeless(error: unknown): boolean {
  const state = sqlStateOf(error) ?? "";
  return (
    /^(?:28|3D)/.test(state) ||
    (state === PROTOCOL_VIOLATION && error instanceof Error && WRONG_LOGIN.test(error.message))
  );
}

function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
