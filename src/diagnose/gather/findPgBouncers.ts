import { budgetNames, BUDGET_LABEL, PGBOUNCER_PORT, STATS_LOGIN } from "../../api/names.ts";
import { Field } from "../../verify/read/objects/field.ts";
import type { ManifestObject } from "../../verify/sourcePosition.ts";
import { podObjects } from "./pods.ts";

/**
 * How to reach the PgBouncers of a cluster from here, one command or more a pod, for people. A pod
 * counts when a container of it is called by that name or has such an image.
 */
export function consoleRoutes(objects: readonly ManifestObject[]): readonly string[] {
  return podObjects(objects)
    .flatMap((pod) => {
      const container = Field.of(pod)
        .items("spec", "containers")
        .find((one) => /pgbouncer/i.test(`${one.text("name")} ${one.text("image")}`));
      return container === undefined ? [] : [{ pod, container }];
    })
    .map(({ pod, container }, index) => routeTo(pod, container, PGBOUNCER_PORT + index));
}

function routeTo(pod: ManifestObject, container: Field, localPort: number): string {
  const { namespace, name } = pod;
  const budget = Field.of(pod).text("metadata", "labels", BUDGET_LABEL);
  const url = (login: string) => `postgres://${login}@127.0.0.1:${localPort}/pgbouncer`;
  // The first port that it names.
  const port = container.count("ports", 0, "containerPort") ?? PGBOUNCER_PORT;
  const forward = `kubectl -n ${namespace} port-forward pod/${name} ${localPort}:${port}`;
  if (budget === undefined) return `${forward}\n    --pgbouncer ${url("LOGIN")}`;
  const secret = budgetNames(budget).statsSecret;
  return [
    forward,
    `    export PGPASSWORD="$(kubectl -n ${namespace} get secret ${secret} -o go-template='{{.data.password | base64decode}}')"`,
    `    --pgbouncer ${url(STATS_LOGIN)}`,
  ].join("\n");
}
