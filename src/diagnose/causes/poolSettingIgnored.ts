import { counted } from "../../text/wording.ts";
import type { LiveWorkload } from "../../model/workload.ts";
import type { CauseFinding } from "./finding.ts";
import { allowedByPod, workloadFinding, type WorkloadClients } from "./workloadClients.ts";
import { byCodeUnit } from "../../text/order.ts";

/**
 * PoolSettingIgnored, at most one a workload. A pod ignores its setting when more clients than
 * poolMax × processesPerPod come from its address in every sample, which no other pod has. Where addresses
 * tell nothing, several pods may share one: then somebody ignores it when
 * all together have more than all pods may open.
 */
export function poolSettingIgnored({
  workload,
  stays,
  byPod,
  hidden,
}: WorkloadClients): readonly CauseFinding[] {
  const { name, pods } = workload;
  const allowed = allowedByPod(workload);
  if (allowed === undefined) return [];
  const over = [...byPod]
    .filter(([, own]) => own.length > allowed)
    .toSorted(([a, own], [b, others]) => others.length - own.length || byCodeUnit(a, b));
  const [worst] = over;
  if (worst !== undefined) {
    const [pod, own] = worst;
    return [
      workloadFinding({
        kind: "PoolSettingIgnored",
        summary: `${name} holds ${own.length} connections from ${pod}, where its setting allows ${allowed}`,
        facts: over.map(
          ([each, { length }]) => `${each}: ${length} clients in every sample, ${allowed} allowed`,
        ),
        workload,
        stays: over.flatMap(([, each]) => each),
        excess: over.reduce((sum, [, each]) => sum + each.length - allowed, 0),
        next: heed(workload),
      }),
    ];
  }
  const all = allowed * pods.length;
  if (!hidden || pods.length === 0 || stays.length <= all) return [];
  return [
    workloadFinding({
      kind: "PoolSettingIgnored",
      summary: `${name} holds ${stays.length} connections, where ${counted(pods.length, "pod")} with its setting may open ${all}`,
      facts: [
        "which of them holds too many, addresses don't tell: no client comes from the pods' network",
      ],
      workload,
      stays,
      excess: stays.length - all,
      next: heed(workload),
    }),
  ];
}

function heed({ name, poolMaxFrom }: LiveWorkload): readonly string[] {
  const where = poolMaxFrom === undefined ? "its configured maximum" : poolMaxFrom;
  return [
    `look where ${name} makes its pool: its maximum must come from ${where}; look for a second pool, a second process a pod, or a name that its code does not read`,
    "until then give it a line of its own with max_db_client_connections (weir plan FLEET), so that it takes nothing from the others",
  ];
}
