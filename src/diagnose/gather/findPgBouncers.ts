import { budgetNames, BUDGET_LABEL, PGBOUNCER_PORT, STATS_LOGIN } from "../../api/names.ts";
import { fieldOf, itemsOf } from "../../kube/fields.ts";
import type { AuditObject } from "../../verify/sourcePosition.ts";
import { runningPods, type RunningPod } from "./pods.ts";

/**
 * How to reach the PgBouncers of a cluster from here, one command or more a pod, for people. A pod
 * counts when a container of it is called by that name or has such an image.
 */
export function waysToPgBouncers(objects: readonly AuditObject[]): readonly string[] {
  return runningPods(objects)
    .filter(({ containers }) => containers.some((text) => /pgbouncer/i.test(text)))
    .map((pod, index) => wayTo(pod, PGBOUNCER_PORT + index));
}

function wayTo({ object }: RunningPod, localPort: number): string {
  const { namespace, name, value } = object;
  const budget = fieldOf(fieldOf(value, "metadata"), "labels")[BUDGET_LABEL];
  const url = (login: string) => `postgres://${login}@127.0.0.1:${localPort}/pgbouncer`;
  const port = portOf(object) ?? PGBOUNCER_PORT;
  const forward = `kubectl -n ${namespace} port-forward pod/${name} ${localPort}:${port}`;
  if (typeof budget !== "string") return `${forward}\n    --pgbouncer ${url("LOGIN")}`;
  const secret = budgetNames(budget).statsSecret;
  return [
    forward,
    `    export PGPASSWORD="$(kubectl -n ${namespace} get secret ${secret} -o go-template='{{.data.password | base64decode}}')"`,
    `    --pgbouncer ${url(STATS_LOGIN)}`,
  ].join("\n");
}

/** The first port that its container names. */
function portOf({ value }: AuditObject): number | undefined {
  const container = itemsOf(fieldOf(value, "spec")["containers"]).find(({ name, image }) =>
    /pgbouncer/i.test(`${String(name)} ${String(image)}`),
  );
  const { containerPort } = itemsOf(container?.["ports"])[0] ?? {};
  return typeof containerPort === "number" ? containerPort : undefined;
}
