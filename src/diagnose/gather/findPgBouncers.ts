import { budgetNames, BUDGET_LABEL, PGBOUNCER_PORT, STATS_LOGIN } from "../../api/names.ts";
import { Field } from "../../verify/read/field.ts";
import type { ManifestObject } from "../../verify/sourcePosition.ts";
import { runningPods, type RunningPod } from "./pods.ts";

/**
 * How to reach the PgBouncers of a cluster from here, one command or more a pod, for people. A pod
 * counts when a container of it is called by that name or has such an image.
 */
export function consoleRoutes(objects: readonly ManifestObject[]): readonly string[] {
  return runningPods(objects)
    .filter(({ containers }) => containers.some((text) => /pgbouncer/i.test(text)))
    .map((pod, index) => routeTo(pod, PGBOUNCER_PORT + index));
}

function routeTo({ object }: RunningPod, localPort: number): string {
  const { namespace, name } = object;
  const budget = Field.of(object).text("metadata", "labels", BUDGET_LABEL);
  const url = (login: string) => `postgres://${login}@127.0.0.1:${localPort}/pgbouncer`;
  const port = portOf(object) ?? PGBOUNCER_PORT;
  const forward = `kubectl -n ${namespace} port-forward pod/${name} ${localPort}:${port}`;
  if (budget === undefined) return `${forward}\n    --pgbouncer ${url("LOGIN")}`;
  const secret = budgetNames(budget).statsSecret;
  return [
    forward,
    `    export PGPASSWORD="$(kubectl -n ${namespace} get secret ${secret} -o go-template='{{.data.password | base64decode}}')"`,
    `    --pgbouncer ${url(STATS_LOGIN)}`,
  ].join("\n");
}

/** The first port that its container names. */
function portOf(pod: ManifestObject): number | undefined {
  const container = Field.of(pod)
    .items("spec", "containers")
    .find((one) => /pgbouncer/i.test(`${one.text("name")} ${one.text("image")}`));
  return container?.count("ports", 0, "containerPort");
}
