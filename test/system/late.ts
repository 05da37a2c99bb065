const LATE: readonly string[] = [
  // node-postgres', when a pool's checkout waited long enough.
  "Connection terminated due to connection timeout",
  // PgBouncer's.
  "client_login_timeout",
];

/**
 * Whether a login failed only because its time was up: on a machine that others use that says
 * nothing of the sums, and nobody refused it.
 */
export function isLate(message: string): boolean {
  return LATE.includes(message);
}
