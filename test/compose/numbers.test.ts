import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { environment } from "../../src/render/environment.ts";
import { type PlannedBudget, type PlannedServer, planFleet } from "../../src/budget/planFleet.ts";
import type { ComposeFolder } from "../../src/compose/composeFolder.ts";
import { nofileLimit } from "../../src/pgbouncer/nofile.ts";
import { arbitraryFleet } from "../fleets/arbitraryFleet.ts";
import { goldenOf, goldens, type Golden } from "../golden/goldens.ts";
import { stringsAt } from "../golden/manifestPods.ts";
import { configText, folderOf, readCompose, type ComposeFile } from "./written.ts";

/** Everything that a compose folder says in numbers, held against the plan and the manifests. */

interface Checked {
  readonly golden: Golden;
  readonly folder: ComposeFolder;
  readonly file: ComposeFile;
}

function nameOf({ golden }: Checked, namespace: string, name: string): string {
  const made = golden.planned.filter(({ budget }) => budget.spec.pgbouncer.existing === undefined);
  const namespaces = new Set(made.map(({ budget }) => budget.metadata.namespace));
  return namespaces.size > 1 ? `${name}.${namespace}` : name;
}

function checkTier(checked: Checked, { budget, plan }: PlannedBudget): number {
  const { name, namespace } = budget.metadata;
  const config = checked.golden.manifests.find(
    ({ kind, metadata }) =>
      kind === "ConfigMap" &&
      metadata.namespace === namespace &&
      metadata.name.startsWith(`${name}-pgbouncer-`),
  );
  const inCluster = stringsAt(config ?? {}, "data");
  expect(Object.keys(inCluster)).toContain("common.ini");
  for (let ordinal = 0; ordinal < plan.slots.processes; ordinal++) {
    const pod = `${name}-pgbouncer-${ordinal}`;
    const service = checked.file.services[nameOf(checked, namespace, pod)];
    if (service === undefined) throw new Error(`no service for ${pod}`);
    expect(service.command).toEqual([`/etc/pgbouncer/${pod}.ini`]);
    for (const key of ["common.ini", "hba.conf", `${pod}.ini`]) {
      const path = `/etc/pgbouncer/${key}`;
      expect(configText(checked.folder, checked.file, service, path)).toBe(inCluster[key]);
    }
    const files = nofileLimit(budget, plan.slots);
    expect(service.ulimits).toEqual({ nofile: { soft: files, hard: files } });
    // Servers reach each by one name, and its peers by another.
    const network = nameOf(checked, namespace, `${name}-servers`);
    expect(service.networks[network]?.aliases).toEqual([
      `${name}-pgbouncer.${namespace}.svc`,
      `${pod}.${name}-pgbouncer-peers.${namespace}.svc`,
    ]);
    expect(checked.file.networks[network]).toEqual({ internal: true });
    expect(service.deploy?.replicas).toBeUndefined();
  }
  return plan.slots.processes;
}

function checkServer(
  checked: Checked,
  { budget }: PlannedBudget,
  { server, plan }: PlannedServer,
): void {
  const { name, namespace } = server.metadata;
  const { autoscaling, replicas, activation, port, pool } = server.spec;
  const service = checked.file.services[nameOf(checked, namespace, name)];
  if (service === undefined) throw new Error(`no service for ${name}`);
  const inPod = environment(server, budget, plan).flatMap((each) =>
    each.value === undefined ? [] : [[each.name, each.value]],
  );
  expect(service.environment).toMatchObject({
    ...Object.fromEntries(inPod),
    [pool.env.max]: String(plan.limit),
    PGPASSFILE: "/run/secrets/pgpass",
  });
  expect(service.environment).not.toHaveProperty("PGPASSWORD");
  const started = service.deploy?.replicas ?? NaN;
  expect(started).toBe(activation === "OnDemand" ? 0 : (autoscaling?.minReplicas ?? replicas));
  expect(started * plan.limit * pool.processesPerPod).toBeLessThanOrEqual(plan.grant);
  expect(service.ports).toMatchObject([{ target: port, host_ip: "127.0.0.1" }]);
}

/** How many services it checked; those are all but a Postgres for trying out. */
function check(golden: Golden): void {
  const folder = folderOf(golden);
  const checked = { golden, folder, file: readCompose(folder.composeYaml) };
  expect(folder.problems).toEqual([]);
  let services = golden.name === "tryout" ? 1 : 0;
  for (const planned of golden.planned) {
    if (planned.budget.spec.pgbouncer.existing !== undefined) continue;
    services += checkTier(checked, planned);
    for (const each of planned.servers) {
      if (each.server.spec.image === undefined) continue;
      checkServer(checked, planned, each);
      services++;
    }
  }
  expect(Object.keys(checked.file.services)).toHaveLength(services);
}

/** Ports of this machine that two services would both take. */
function takenTwice({ services }: ComposeFile): readonly string[] {
  const taken = Object.values(services)
    .flatMap(({ ports = [] }) => ports.map(({ published }) => String(published)))
    .filter((port) => !port.endsWith(":-0}"))
    .map((port) => port.replace(/^.*:-/, ""));
  return taken.filter((port, index) => taken.indexOf(port) !== index);
}

const FEASIBLE = arbitraryFleet()
  .filter((fleet) => planFleet(fleet).feasible)
  .map((fleet) => goldenOf("any", fleet));

describe("what is planned is what compose is given", () => {
  it.each(goldens())("for the fleet $name", (golden) => {
    check(golden);
    expect(takenTwice(readCompose(folderOf(golden).composeYaml))).toEqual([]);
  });

  it("for any fleet, and the same each time", () => {
    fc.assert(
      fc.property(FEASIBLE, (golden) => {
        check(golden);
        const folder = folderOf(golden);
        expect(takenTwice(readCompose(folder.composeYaml))).toEqual([]);
        expect(folderOf(goldenOf("any", golden.fleet))).toEqual(folder);
      }),
    );
  });
});
