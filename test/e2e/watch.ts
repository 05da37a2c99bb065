import { type Backends, watchBackends } from "./backends.ts";
import { type Conditions, watchConditions } from "./conditions.ts";
import { stopCalling } from "./load.ts";
import { type Logs, watchLogs } from "./logs.ts";
import type { Place } from "./place.ts";
import { type Pods, watchPods } from "./pods.ts";
import { type Pools, watchPools } from "./pools.ts";

/** All that is seen of a fleet while things happen to it. */
export interface Watch {
  readonly backends: Backends;
  readonly pods: Pods;
  readonly pools: Pools;
  readonly logs: Logs;
  readonly conditions: Conditions;
  /** What goes on from now on. */
  readonly during: (step: string) => void;
  readonly stop: () => Promise<void>;
}

/** Looks at everything from now on. */
export async function watch(place: Place): Promise<Watch> {
  let step = "at rest";
  const logs = watchLogs(place);
  const pods = await watchPods(place, logs.follow);
  const conditions = await watchConditions(place, () => step);
  const backends = await watchBackends(place);
  const pools = watchPools(place, pods);
  return {
    backends,
    pods,
    pools,
    logs,
    conditions,
    during: (now) => {
      step = now;
    },
    stop: async () => {
      const stopped = [backends, pools, conditions, pods].map((each) => each.stop());
      logs.stop();
      await Promise.all([stopCalling(place), ...stopped]);
    },
  };
}
