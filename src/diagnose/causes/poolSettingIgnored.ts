import { allowedByPod } from "../../conditions/poolSetting.ts";
import type { LiveWorkload } from "../../model/workload.ts";
import { byCodeUnit } from "../../text/order.ts";
import { counted } from "../../text/wording.ts";
import type { CauseFinding } from "./finding.ts";
import { workloadFinding, type HeldClients, type WorkloadClients } from "./workloadClients.ts";

/**
 * PoolSettingIgnored, at most one a workload: a pod that no other pod shares its address with holds
 * more connections on all lines than its setting allows (conditions/poolSetting.ts, as the
 * operator's condition MoreThanConfigured). Where addresses tell nothing, some pod ignores it when all together hold more
 * than all pods may open.
 */
export function poolSettingIgnored(clients: WorkloadClients): readonly CauseFinding[] {
  const { workload, byPod, hidden, persistent, held } = clients;
  const { name, pods } = workload;
  const allowed = allowedByPod(workload);
  if (allowed === undefined) return [];
  const over = [...byPod]
    .map(([pod, own]) => ({ pod, ...own }))
    .filter((each) => each.held > allowed)
    .toSorted((a, b) => b.held - a.held || byCodeUnit(a.pod, b.pod));
  const [worst] = over;
  const all = allowed * pods.length;
  if (worst === undefined && (!hidden || pods.length === 0 || held <= all)) return [];
  const found =
    worst === undefined
      ? {
          summary: `${name} holds ${held} connections, where ${counted(pods.length, "pod")} with its setting may open ${all}`,
          facts: [
            "weir can't know which of them holds too many: no client comes from the pods' network",
          ],
          persistent,
          excess: lasting(clients, all),
        }
      : {
          summary: `${name} holds ${worst.held} connections from ${worst.pod}, where its setting allows ${allowed}`,
          facts: over.map(
            (each) => `${each.pod}: ${each.held} clients ${when(each)}, ${allowed} allowed`,
          ),
          persistent: over.flatMap((each) => each.persistent),
          excess: over.reduce((sum, each) => sum + lasting(each, allowed), 0),
        };
  const next = advice(workload);
  return [workloadFinding(workload, { kind: "PoolSettingIgnored", ...found, next })];
}

/** Connections that were too many in every sample: without them their places were free. */
function lasting({ persistent }: HeldClients, allowed: number): number {
  return Math.max(0, persistent.length - allowed);
}

/** A program that opens and closes connections all the time holds others in each sample. */
function when({ held, persistent }: HeldClients): string {
  return persistent.length >= held ? "in every sample" : "in two samples in a row";
}

function advice({ name, poolMaxFrom }: LiveWorkload): readonly string[] {
  const where = poolMaxFrom === undefined ? "its configured maximum" : poolMaxFrom;
  return [
    `look where ${name} makes its pool: its maximum must come from ${where}; look for a second pool, a second process a pod, or a name that its code does not read`,
    "until then give it a line of its own with max_db_client_connections (weir plan FLEET), so that it takes nothing from the others",
  ];
}
