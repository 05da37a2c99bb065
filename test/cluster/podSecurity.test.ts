import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import { namespace } from "../../charts/namespace.ts";
import { goldens, manifestsIn } from "../golden/goldens.ts";
import { fieldOf, itemsOf } from "../../src/json/fields.ts";
import { podsOf, type Pod } from "../golden/manifestPods.ts";
import { CLUSTER_START_TIMEOUT_MS, startCluster, type Cluster } from "./cluster.ts";
import type { EndedProcess } from "../../tools/processes/runToEnd.ts";

/** The pods that weir's workloads would start, before a namespace that refuses the unrestricted. */

const MANIFESTS = resolve(import.meta.dirname, "../../manifests");
const MIGRATION = resolve(import.meta.dirname, "../../examples/writing-servers/migrate-job.yaml");
const NAMESPACE = "weir-restricted";
/** Named by a golden fleet; a pod of an unknown class is refused. */
const PRIORITY_CLASS = "writers";

const PODS: readonly Pod[] = [
  ...readdirSync(MANIFESTS)
    .filter((name) => name.endsWith(".yaml"))
    .flatMap((name) => manifestsIn({ name, text: readFileSync(join(MANIFESTS, name), "utf8") })),
  ...goldens().flatMap(({ manifests }) => manifests),
  ...manifestsIn({ name: MIGRATION, text: readFileSync(MIGRATION, "utf8") }),
].flatMap((manifest) => podsOf([manifest]));

let cluster: Cluster;

beforeAll(async () => {
  // For the ServiceAccount `default`, without which a namespace has no pods.
  cluster = await startCluster({ controllerManager: true });
  await cluster.claim("namespace", NAMESPACE);
  await cluster.claim("priorityclass", PRIORITY_CLASS);
  await cluster.kubectl(["create", "priorityclass", PRIORITY_CLASS, "--value=1"]);
  await cluster.kubectl(["create", "-f", "-"], JSON.stringify(namespace(NAMESPACE)));
  const account = ["wait", "--for=create", "serviceaccount/default", `--namespace=${NAMESPACE}`];
  await cluster.kubectl([...account, "--timeout=300s"]);
}, CLUSTER_START_TIMEOUT_MS);

afterAll(() => cluster.stop());

/** Each must be a pod with fields that are known; none is kept. */
function admitted(specs: readonly Pod["spec"][]): Promise<EndedProcess> {
  const items = specs.map((spec, index) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `pod-${index}`, namespace: NAMESPACE },
    spec,
  }));
  return cluster.kubectl(
    ["create", "--dry-run=server", "--validate=strict", "-f", "-"],
    JSON.stringify({ apiVersion: "v1", kind: "List", items }),
  );
}

it("every pod of manifests/ and of the golden fleets is admitted", async () => {
  const names = PODS.map(({ of }) => of);
  expect(names).toContain("StatefulSet/writing-pgbouncer");
  expect(names).toContain("Deployment/scene");
  expect(names).toContain("Job/writing-migrate");
  // The Postgres for trying out.
  expect(names).toContain("StatefulSet/postgres");

  expect(await admitted(PODS.map(({ spec }) => spec))).toEqual({
    code: 0,
    stdout: PODS.map((_, index) => `pod/pod-${index} created (server dry run)\n`).join(""),
    stderr: "",
  });
});

it("so is the Job of the example's migrations, as it is written", async () => {
  const text = readFileSync(MIGRATION, "utf8").replace(/namespace: \S+/, `namespace: ${NAMESPACE}`);
  const created = await cluster.kubectl(
    ["create", "--dry-run=server", "--validate=strict", "-f", "-"],
    text,
  );
  expect(created).toEqual({
    code: 0,
    stdout: "job.batch/writing-migrate created (server dry run)\n",
    stderr: "",
  });
});

const [{ spec } = { spec: {} }]: readonly Pick<Pod, "spec">[] = PODS;

function withContainer(securityContext: object): Pod["spec"] {
  const containers = itemsOf(spec, "containers").map((each) => ({ ...each, securityContext }));
  return { ...spec, containers };
}

it.each([
  ["host namespaces", { ...spec, hostNetwork: true }],
  ["runAsNonRoot != true", { ...spec, securityContext: {} }],
  [
    "restricted volume types",
    { ...spec, volumes: [...itemsOf(spec, "volumes"), { name: "v", hostPath: { path: "/" } }] },
  ],
  ["unrestricted capabilities", withContainer({ allowPrivilegeEscalation: false })],
  ["allowPrivilegeEscalation != false", withContainer({ capabilities: { drop: ["ALL"] } })],
  ["seccompProfile", { ...spec, securityContext: { runAsNonRoot: true } }],
])("one that is spoilt is refused: %s", async (why, spoilt) => {
  expect(fieldOf(spec, "securityContext")["runAsNonRoot"]).toBe(true);
  const { code, stdout, stderr } = await admitted([spoilt]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain('is forbidden: violates PodSecurity "restricted:latest"');
  expect(stderr).toContain(why);
});
