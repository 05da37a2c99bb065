import type { FleetNamespace } from "./environment.ts";
import { callOf, type PlannedServers } from "./fleets.ts";
import type { CallLoad, LoadReport } from "./programs/load.ts";
import { askProgram, LOAD_PORT } from "./tools.ts";

const PAUSE_MS = 1000;
/** Who is called at first, and while the node is starved. */
const NOBODY: CallLoad = { targets: [] };

/**
 * More calls at once than the pools of a server have connections, so that they fill.
 *
 * @param pods of each server
 */
export function loadOf({ servers, plan }: PlannedServers, pods = 1): CallLoad {
  return {
    targets: servers.map(({ name, url, members }) => {
      const limit = plan.servers.find((each) => each.name === name)?.limit ?? 1;
      const width = 3 * limit * pods;
      return { server: name, url, tools: members.map(callOf), width, pauseMs: PAUSE_MS };
    }),
  };
}

/** The calls of the program in a fleet's pod. */
export interface LoadGenerator {
  /** Calls the servers so from now on. */
  readonly call: (load: CallLoad) => Promise<void>;
  /** Calls nobody for a while, and then goes on: the node is starved. */
  readonly suspend: (isSuspended: boolean) => Promise<void>;
  /** How all calls so far have ended. */
  readonly ended: () => Promise<LoadReport>;
}

/** Nobody is called yet. */
export function loadGeneratorOf(
  fleet: Pick<FleetNamespace, "environment" | "namespace">,
): LoadGenerator {
  let wanted = NOBODY;
  let isSuspended = false;
  let carried: Promise<unknown> = Promise.resolve();
  const tell = () => askProgram(fleet, LOAD_PORT, () => (isSuspended ? NOBODY : wanted));
  /** One after another, and each try says what is to be now: an older one never comes last. */
  const carry = async () => {
    carried = carried.then(tell, tell);
    await carried;
  };
  const call = async (load: CallLoad) => {
    wanted = load;
    await carry();
  };
  const ended = async (): Promise<LoadReport> => JSON.parse(await askProgram(fleet, LOAD_PORT));
  return {
    call,
    suspend: async (suspended) => {
      isSuspended = suspended;
      await carry();
    },
    ended,
  };
}
