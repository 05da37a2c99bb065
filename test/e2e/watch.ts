import { type Backends, watchBackends } from "./backends.ts";
import { type ConditionHistory, watchConditions } from "./conditionHistory.ts";
import { type Logs, watchLogs } from "./podLogs.ts";
import type { RunningFleet } from "./runningFleet.ts";
import { type FleetPods, watchPods } from "./fleetPods.ts";
import { followSamples, type Samples } from "./samples.ts";

/** All that is seen of a fleet while things happen to it. */
export interface Watch {
  readonly backends: Backends;
  readonly pods: FleetPods;
  readonly samples: Samples;
  readonly logs: Logs;
  readonly conditions: ConditionHistory;
  /** What goes on from now on. */
  readonly during: (step: string) => void;
  readonly stop: () => Promise<void>;
}

/** Looks at everything from now on. While the node is starved nobody is called. */
export async function watch(fleet: RunningFleet): Promise<Watch> {
  let step = "at rest";
  const logs = watchLogs(fleet);
  const pods = await watchPods(fleet, logs.follow);
  const conditions = await watchConditions(fleet, () => step);
  const backends = await watchBackends(fleet);
  const samples = await followSamples(fleet, pods);
  const leave = fleet.environment.health.listen((isStarved) => {
    // It fails when the tools' pod is gone. The samples then fail too, and these are judged.
    fleet.loadGenerator.suspend(isStarved).catch(() => {});
  });
  return {
    backends,
    pods,
    samples,
    logs,
    conditions,
    during: (now) => {
      step = now;
    },
    stop: async () => {
      leave();
      logs.stop();
      // An error of theirs would hide that of the scenario.
      await Promise.allSettled([backends, samples, conditions, pods].map((each) => each.stop()));
    },
  };
}
