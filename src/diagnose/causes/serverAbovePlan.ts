import { allowedByPod } from "../../conditions/poolSetting.ts";
import { byCodeUnit } from "../../text/order.ts";
import { counted } from "../../text/wording.ts";
import type { CauseFinding } from "./finding.ts";
import { workloadFinding, type WorkloadClients } from "./workloadClients.ts";

/**
 * ServerAbovePlan, at most one a workload: it has more clients in every sample than poolMax ×
 * processesPerPod × peakPods, or more pods than peakPods hold some. One fact gets one name: clients
 * that are too many because a pod does not keep to its setting are PoolSettingIgnored; counted here
 * is what it would hold if each did.
 */
export function serverAbovePlan(clients: WorkloadClients): readonly CauseFinding[] {
  const { workload, persistent, hidden } = clients;
  const { name, pods, peakPods } = workload;
  if (peakPods === undefined) return [];
  const allowed = allowedByPod(workload);
  const plan = allowed === undefined ? Number.POSITIVE_INFINITY : allowed * peakPods;
  // A pod's clients on other lines count against the plans of these lines.
  const planned = new Set(persistent);
  const inPods = [...clients.byPod]
    .map(([pod, all]) => ({
      pod,
      count: all.persistent.filter((each) => planned.has(each)).length,
    }))
    .filter(({ count }) => count > 0);
  const known = inPods.reduce((sum, { count }) => sum + count, 0);
  // The connections that it would hold if each pod kept to its setting. More is PoolSettingIgnored.
  const expected =
    hidden && pods.length > 0
      ? Math.min(persistent.length, (allowed ?? 0) * pods.length)
      : persistent.length -
        known +
        inPods.reduce((sum, { count }) => sum + Math.min(count, allowed ?? 0), 0);
  const tooManyPods = inPods.length > peakPods;
  if (expected <= plan && !tooManyPods) return [];
  const sum =
    allowed === undefined
      ? counted(peakPods, "pod")
      : `${plan} = ${counted(peakPods, "pod")} × ${allowed}`;
  const podsOfThem = hidden ? pods.length : inPods.length;
  const from = podsOfThem === 0 ? "addresses that no pod has" : counted(podsOfThem, "pod");
  return [
    workloadFinding(workload, {
      kind: "ServerAbovePlan",
      summary: `${name} holds ${persistent.length} connections from ${from}, where its plan counts ${sum}`,
      facts: [
        ...inPods
          .toSorted((a, b) => byCodeUnit(a.pod, b.pod))
          .map(({ pod, count }) => `${pod}: ${counted(count, "client")}`),
        ...(!hidden && persistent.length > known
          ? [`${counted(persistent.length - known, "client")} with its login from no pod of it`]
          : []),
        podsFact(workload, peakPods),
      ],
      persistent,
      excess: Math.max(0, persistent.length - (Number.isFinite(plan) ? plan : 0)),
      next: [
        `look at its replicas and rollouts: more than ${counted(peakPods, "pod")} of ${name} must never be there at once, those that terminate counted`,
        "or plan for them: raise replicas or autoscaling.maxReplicas in the fleet file, and weir plan --from OLD NEW prints which applies in which order",
      ],
    }),
  ];
}

function podsFact({ pods }: WorkloadClients["workload"], peakPods: number): string {
  const count = pods.filter(({ terminating }) => terminating).length;
  const terminating = count === 0 ? "" : `, ${count} of them terminating`;
  return (
    `${counted(pods.length, "pod")} of it ${pods.length === 1 ? "exists" : "exist"}${terminating}; ` +
    `most that the plan counts: ${peakPods}`
  );
}
