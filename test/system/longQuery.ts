import { vi } from "vitest";

import type { Postgres } from "../parts/postgres.ts";

/** A query that ends only when it is cancelled. */
export const LONG_QUERY = "SELECT pg_sleep(50)";

/** Waits until it is under way in Postgres. */
export async function untilLongQueryRuns(postgres: Postgres): Promise<void> {
  await vi.waitFor(
    async () => {
      const running = await postgres.query(
        `SELECT FROM pg_stat_activity WHERE state = 'active' AND query = '${LONG_QUERY}'`,
      );
      if (running.length === 0) throw new Error("the long query has not begun");
    },
    { timeout: 30_000 },
  );
}
