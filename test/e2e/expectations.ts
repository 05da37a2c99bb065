import { eventually } from "./eventually.ts";
import type { LoggedCondition } from "./conditionHistory.ts";
import { BUDGET } from "./fleets.ts";
import { type Logs, REFUSAL } from "./podLogs.ts";
import type { LoadFailure } from "./programs/load.ts";
import type { RunningFleet } from "./runningFleet.ts";
import { TOOLS_POD } from "./tools.ts";
import type { Watch } from "./watch.ts";

/** Servers of which some pod's pool was at its limit. */
export function serversAtLimit(watch: Watch): ReadonlySet<string> {
  const full = [...watch.samples.pools().values()].filter(({ open, limit }) => open === limit);
  return new Set(full.map(({ server }) => server));
}

/** What tells that a limit refused somebody: calls that failed, and lines of any log. */
export function refusals(
  { logs }: { readonly logs: Pick<Logs, "refusals"> },
  failures: readonly LoadFailure[],
): readonly unknown[] {
  return [...failures.filter(({ text }) => REFUSAL.test(text)), ...logs.refusals()];
}

/** Pods that run and whose log nobody has read: what is in there would not be seen. */
export function unread({ pods, logs }: Watch): readonly string[] {
  return pods
    .all()
    .filter(({ name, running }) => running && name !== TOOLS_POD && !logs.lines().has(name))
    .map(({ name }) => name);
}

/**
 * What the operator said was bad of a sum, a setting or a plan, at any moment. Ready and Verified
 * are not among it: they say that a server is away, which is so while pods are replaced.
 */
export function badConditions({ conditions }: Watch): readonly LoggedCondition[] {
  return conditions
    .all()
    .filter(({ type, reason }) => type !== "Ready" && type !== "Verified" && reason !== "Disabled")
    .filter(({ type, status }) => status === (type === "PoolSettingIgnored" ? "True" : "False"));
}

/** Every condition of the budget and of every server that is awake becomes well. */
export async function expectAllWell(fleet: RunningFleet, watch: Watch): Promise<void> {
  await eventually(() => notWell(fleet, watch), []);
}

/** A sentence for each of these objects that nothing was said of, and for what is not well of one. */
function notWell({ servers }: RunningFleet, { conditions }: Watch): readonly string[] {
  const now = conditions.now();
  const awake = [`ConnectionBudget/${BUDGET}`, ...servers.map(({ name }) => `McpServer/${name}`)];
  return awake.flatMap((object) => {
    const said = now.filter((each) => each.object === object);
    if (said.length === 0) return [`${object}: nothing was said of it`];
    return said
      .filter(({ type, status }) => status !== (type === "PoolSettingIgnored" ? "False" : "True"))
      .map(
        ({ type, status, reason, message }) => `${object}: ${type} ${status} ${reason} ${message}`,
      );
  });
}
