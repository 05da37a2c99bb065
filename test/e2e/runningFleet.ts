import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { budgetNames } from "../../src/api/names.ts";
import { cloneOfRepository } from "../docs/clone.ts";
import { runBlock, shellBlocks } from "../docs/shellBlocks.ts";
import { KUBECTL_TIMEOUT } from "./eventually.ts";
import {
  type PlannedServers,
  BUDGET,
  type FleetSpec,
  observedText,
  planned,
  POSTGRES_POD,
  type Scaled,
} from "./fleets.ts";
import { againAfterStarvation, type E2eEnvironment, type FleetNamespace } from "./environment.ts";
import { type LoadGenerator, loadGeneratorOf } from "./loadGenerator.ts";
import { logStart } from "./log.ts";
import { TOOLS_POD, toolsObjects } from "./tools.ts";

/** A fleet that runs. */
export interface RunningFleet extends FleetNamespace, PlannedServers {
  readonly scaled: Scaled | undefined;
  /** PgBouncer's processes by their pods' names, and where each of them listens. */
  readonly poolers: ReadonlyMap<string, string>;
  readonly loadGenerator: LoadGenerator;
  /** Runs commands as a reader of docs/quickstart.md would: bash, in a clone, with kubectl. */
  readonly shell: (block: string) => Promise<string>;
}

/** Runs a fleet as docs/quickstart.md tells a newcomer, with a Postgres for trying weir out. */
export async function runFleet(
  environment: E2eEnvironment,
  spec: FleetSpec,
): Promise<RunningFleet> {
  const folder = await cloneOfRepository();
  const fleet = runningFleetOf(environment, spec, folder);
  const { namespace, poolers, shell, kubectl } = fleet;
  const ready = logStart(`${namespace}: everything is Ready`);
  await environment.claimNamespace(namespace);
  await writeFile(join(folder, "fleet.yaml"), spec.text);
  await shell(quickstartBlock("cdk8s synth"));
  await shell(quickstartBlock("weir secrets"));
  await shell(quickstartBlock("kubectl apply -f manifests/\n"));
  await untilReady(fleet);
  ready();
  // The one command that names a reader's own Postgres: its superuser is reached in its pod alone.
  const psql = `kubectl --namespace ${namespace} exec -i ${POSTGRES_POD} -- psql`;
  await shell(quickstartBlock("weir guard").replace("psql", psql).replace("-h my-postgres ", ""));
  await migrate(fleet);
  await writeFile(join(folder, "fleet.yaml"), observedText(spec));
  await shell("kubectl apply -f fleet.yaml");
  const tools = JSON.stringify(await toolsObjects(namespace, poolers));
  await environment.kubectl(["apply", "--filename=-"], tools);
  await kubectl("wait", "--for=condition=Ready", KUBECTL_TIMEOUT, `pod/${TOOLS_POD}`);
  // Applied one after the other, they were no whole fleet for a moment, which the operator said.
  const objects = fleet.servers.map(({ name }) => `mcpserver/${name}`);
  await kubectl(
    "wait",
    "--for=condition=Ready",
    KUBECTL_TIMEOUT,
    `connectionbudget/${BUDGET}`,
    ...objects,
  );
  return fleet;
}

/** @param folder where its commands run */
function runningFleetOf(
  environment: E2eEnvironment,
  spec: FleetSpec,
  folder: string,
): RunningFleet {
  const { namespace, active, scaled } = spec;
  const { kubeconfigPath } = environment.cluster;
  const { plan, servers } = planned(spec);
  const { pgbouncer, peers } = budgetNames(BUDGET);
  const pods = Array.from({ length: plan.slots.processes }, (_, index) => `${pgbouncer}-${index}`);
  const env = {
    WEIR_TRYOUT_POSTGRES: "1",
    ...(active !== undefined && { WEIR_ACTIVE: active.join(",") }),
  };
  return {
    namespace,
    scaled,
    plan,
    servers,
    poolers: new Map(pods.map((pod) => [pod, `${pod}.${peers}.${namespace}.svc`])),
    loadGenerator: loadGeneratorOf({ environment, namespace }),
    environment,
    kubectl: (...args) => environment.kubectl(["--namespace", namespace, ...args]),
    shell: (block) =>
      againAfterStarvation(environment.health, () =>
        runBlock(block, { folder, kubeconfigPath, env }),
      ),
  };
}

/** The one block of commands of docs/quickstart.md that has these words. */
function quickstartBlock(words: string): string {
  const blocks = [...shellBlocks("quickstart.md").values()].flat();
  const [found, another] = blocks.filter((block) => block.includes(words));
  if (found !== undefined && another === undefined) return found;
  throw new Error(`docs/quickstart.md: not one block of commands has "${words}"`);
}

/** Waits until all pods that the manifests make are Ready. */
export async function untilReady({ kubectl }: Pick<RunningFleet, "kubectl">): Promise<void> {
  const workloads = await kubectl("get", "statefulsets,deployments", "--output=name");
  for (const workload of workloads.trim().split("\n")) {
    await kubectl("rollout", "status", KUBECTL_TIMEOUT, workload);
  }
}

/** The example's Job, which is written for its own namespace. */
async function migrate({ namespace, shell, kubectl }: RunningFleet): Promise<void> {
  const job = "examples/writing-servers/migrate-job.yaml";
  const here = `s/namespace: writing$/namespace: ${namespace}/; s/pgbouncer.writing.svc/pgbouncer.${namespace}.svc/`;
  await shell(`sed '${here}' ${job} > job.yaml`);
  await shell(quickstartBlock(job).replace(job, "job.yaml"));
  await kubectl("wait", "--for=condition=Complete", KUBECTL_TIMEOUT, "job/writing-migrate");
}
