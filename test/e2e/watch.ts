import { type Backends, watchBackends } from "./backends.ts";
import { type Conditions, watchConditions } from "./conditions.ts";
import { type Logs, watchLogs } from "./logs.ts";
import type { Place } from "./place.ts";
import { type Pods, watchPods } from "./pods.ts";
import { followSamples, type Samples } from "./samples.ts";

/** All that is seen of a fleet while things happen to it. */
export interface Watch {
  readonly backends: Backends;
  readonly pods: Pods;
  readonly samples: Samples;
  readonly logs: Logs;
  readonly conditions: Conditions;
  /** What goes on from now on. */
  readonly during: (step: string) => void;
  readonly stop: () => Promise<void>;
}

/** Looks at everything from now on. While the node is starved nobody is called. */
export async function watch(place: Place): Promise<Watch> {
  let step = "at rest";
  const logs = watchLogs(place);
  const pods = await watchPods(place, logs.follow);
  const conditions = await watchConditions(place, () => step);
  const backends = await watchBackends(place);
  const samples = await followSamples(place, pods);
  const leave = place.ground.health.listen((isStarved) => {
    // It fails when the tools' pod is gone. The samples then fail too, and these are judged.
    place.calling.suspend(isStarved).catch(() => {});
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
      // An error of theirs would hide that of the story.
      await Promise.allSettled([backends, samples, conditions, pods].map((each) => each.stop()));
    },
  };
}
