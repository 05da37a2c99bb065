import { callOf } from "./calls.ts";
import { comes } from "./comes.ts";
import type { Place } from "./place.ts";
import type { Load, LoadReport } from "./programs/load.ts";
import { askProgram, LOAD_PORT } from "./tools.ts";

const PAUSE_MS = 1000;

/**
 * More calls at once than the pools of a server have connections, so that they fill.
 *
 * @param pods of each server
 */
export function loadOf({ servers, plan }: Place, pods = 1): Load {
  return {
    targets: servers.map(({ name, url, members }) => {
      const limit = plan.servers.find((each) => each.name === name)?.limit ?? 1;
      const width = 3 * limit * pods;
      return { server: name, url, tools: members.map(callOf), width, pauseMs: PAUSE_MS };
    }),
  };
}

/** Calls the servers so from now on. */
export async function call(place: Place, load: Load): Promise<void> {
  await askProgram(place, LOAD_PORT, load);
}

/** How all calls so far have ended. */
export async function callsEnded(place: Place): Promise<LoadReport> {
  return JSON.parse(await askProgram(place, LOAD_PORT));
}

/** Ends all calling, and waits for the calls in flight. */
export async function stopCalling(place: Place): Promise<void> {
  await call(place, { targets: [] });
  await comes(async () => (await callsEnded(place)).called, []);
}
