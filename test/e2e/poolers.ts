import type { Place } from "./place.ts";
import type { PoolerSeen } from "./programs/sample.ts";
import { askProgram, SAMPLE_PORT } from "./tools.ts";

/** What every PgBouncer of a fleet was seen to do, asked every 50 ms since the fleet is there. */
export async function poolersSeen(place: Place): Promise<ReadonlyMap<string, PoolerSeen>> {
  const seen: Record<string, PoolerSeen> = JSON.parse(await askProgram(place, SAMPLE_PORT));
  return new Map(Object.entries(seen));
}
