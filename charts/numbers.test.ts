import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryFleet } from "../test/fleets/arbitraryFleet.ts";
import { goldenOf, goldens, type Golden } from "../test/golden/goldens.ts";
import { fieldOf, itemsOf } from "../src/json/fields.ts";
import { podsOf, stringsAt } from "../test/golden/manifestPods.ts";
import { processCountOf } from "../src/api/connectionBudget.ts";
import { credentialsSecretOf, membersOf, type McpServer } from "../src/api/mcpServer.ts";
import { planFleet, type PlannedBudget, type PlannedServer } from "../src/budget/planFleet.ts";
import { processIni } from "../src/pgbouncer/ini.ts";
import { nofileLimit } from "../src/pgbouncer/nofile.ts";
import type { Manifest } from "../src/render/manifest.ts";

/** Everything that a manifest says in numbers, held against the plan that it was made from. */

const FEASIBLE = arbitraryFleet()
  .filter((fleet) => planFleet(fleet).feasible)
  .map((fleet) => goldenOf("any", fleet));

function objectOf(golden: Golden, kind: string, namespace: string, name: string): Manifest {
  const found = golden.manifests.find(
    (each) =>
      each.kind === kind && each.metadata.namespace === namespace && each.metadata.name === name,
  );
  if (found === undefined) throw new Error(`no ${kind} ${namespace}/${name}`);
  return found;
}

/** The container of a Deployment or StatefulSet. */
function containerOf(workload: Manifest): Readonly<Record<string, unknown>> {
  return podsOf([workload])[0]?.containers[0] ?? {};
}

function environmentOf(workload: Manifest): Record<string, unknown> {
  return Object.fromEntries(
    itemsOf(containerOf(workload), "env").map(({ name, value, valueFrom }) => [
      String(name),
      value ?? valueFrom,
    ]),
  );
}

/** The sections of an ini: keys and values, all as text. */
function sectionsOf(ini: string): Record<string, Record<string, string>> {
  const sections: Record<string, Record<string, string>> = {};
  let section: Record<string, string> = {};
  for (const line of ini.split("\n").filter((each) => each !== "")) {
    const title = /^\[(.+)\]$/.exec(line)?.[1];
    if (title === undefined) {
      const [key = "", ...value] = line.split(" = ");
      section[key] = value.join(" = ");
    } else section = sections[title] = {};
  }
  return sections;
}

function checkServer(golden: Golden, budget: PlannedBudget, { server, plan }: PlannedServer): void {
  const { name, namespace } = server.metadata;
  const { pool, port, path } = server.spec;
  const deployment = objectOf(golden, "Deployment", namespace, name);
  const host = `${budget.budget.metadata.name}-pgbouncer.${namespace}.svc`;
  expect(environmentOf(deployment)).toMatchObject({
    PGHOST: host,
    PGPORT: "6432",
    PGDATABASE: name,
    PGUSER: name,
    PGPASSWORD: { secretKeyRef: { name: credentialsSecretOf(server), key: "password" } },
    [pool.env.max]: String(plan.limit),
    [pool.env.minIdle]: String(pool.minIdle),
    [pool.env.idleTimeoutMs]: String(pool.idleTimeoutMs),
    [pool.env.connectionTimeoutMs]: String(pool.connectionTimeoutMs),
    WEIR_POOL_PORT: "9127",
    ACTIVE_MCP_SERVERS: membersOf(server).join(","),
    PORT: String(port),
    MCP_PATH: path.replaceAll("$", "$$$$"),
  });
  const url = new URL(String(environmentOf(deployment)["DATABASE_URL"]));
  expect([url.username, url.password, url.hostname, url.port, url.pathname]).toEqual([
    name,
    "",
    host,
    "6432",
    `/${name}`,
  ]);
  expect(stringsAt(deployment, "spec", "template", "metadata", "annotations")).toEqual({
    "weir.dev/pool-limit": String(plan.limit),
    ...(plan.processesPerPod > 1 && {
      "weir.dev/processes-per-pod": String(plan.processesPerPod),
    }),
  });
  checkReplicas(golden, deployment, server);
}

/** What is planned for at its peak is what may be there: nothing else sets a number of pods. */
function checkReplicas(golden: Golden, deployment: Manifest, server: McpServer): void {
  const { autoscaling, activation, replicas, rollout } = server.spec;
  const scaler = golden.manifests.find(
    ({ kind, metadata }) =>
      kind === "HorizontalPodAutoscaler" &&
      metadata.namespace === server.metadata.namespace &&
      metadata.name === server.metadata.name,
  );
  const sleeping = activation === "OnDemand";
  expect(fieldOf(deployment, "spec")["replicas"]).toBe(
    sleeping ? 0 : autoscaling === undefined ? replicas : undefined,
  );
  expect(fieldOf(deployment, "spec", "strategy")["type"]).toBe(rollout.type);
  expect(scaler && fieldOf(scaler, "spec")).toEqual(
    autoscaling &&
      expect.objectContaining({
        minReplicas: autoscaling.minReplicas,
        maxReplicas: autoscaling.maxReplicas,
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: server.metadata.name },
      }),
  );
}

function checkTier(golden: Golden, { budget, plan }: PlannedBudget): void {
  const { name, namespace } = budget.metadata;
  const { pgbouncer } = budget.spec;
  const statefulSet = objectOf(golden, "StatefulSet", namespace, `${name}-pgbouncer`);
  const spec = fieldOf(statefulSet, "spec");
  expect(spec["replicas"]).toBe(plan.slots.processes);
  const { consoles, maintenance, maintenanceSlots, logins } = pgbouncer.reserve;
  expect(stringsAt(statefulSet, "metadata", "annotations")).toEqual({
    "weir.dev/postgres-connections": String(plan.slots.postgres),
    "weir.dev/reserve":
      `consoles=${consoles},maintenance=${maintenance},` +
      `maintenanceSlots=${maintenanceSlots},logins=${logins}`,
  });

  const [config] = podsOf([statefulSet]).flatMap((pod) => itemsOf(pod.spec, "volumes"));
  const configMap = objectOf(
    golden,
    "ConfigMap",
    namespace,
    String(fieldOf(config ?? {}, "configMap")["name"]),
  );
  expect(configMap["immutable"]).toBe(true);
  const data = stringsAt(configMap, "data");
  expect(new Set(Object.keys(data))).toEqual(
    new Set([
      "common.ini",
      "hba.conf",
      ...Array.from({ length: processCountOf(budget) }, (_, at) => `${name}-pgbouncer-${at}.ini`),
    ]),
  );
  const common = sectionsOf(data["common.ini"] ?? "");
  expect(
    Object.entries(common["databases"] ?? {}).map(([line, value]) => [
      line,
      /max_db_client_connections=(\d+)/.exec(value)?.[1],
      / pool_size=(\d+)/.exec(value)?.[1],
    ]),
  ).toEqual([
    ...plan.servers.map((each) => [each.name, `${each.grant}`, `${each.slots}`]),
    ["maintenance", `${plan.clients.reserve.maintenance}`, `${plan.slots.maintenance}`],
  ]);
  expect(common["pgbouncer"]).toMatchObject({
    max_client_conn: String(plan.clients.capacity),
    client_login_timeout: "5",
    tcp_keepidle: "30",
    tcp_keepintvl: "10",
    tcp_keepcnt: "3",
  });
  const peers = Array.from({ length: processCountOf(budget) }, (_, at) => at);
  expect(Object.entries(common["peers"] ?? {})).toEqual(
    peers.length < 2
      ? []
      : peers.map((at) => [
          `${at + 1}`,
          `host=${name}-pgbouncer-${at}.${name}-pgbouncer-peers.${namespace}.svc port=6432 pool_size=1`,
        ]),
  );
  for (const at of peers) {
    expect(data[`${name}-pgbouncer-${at}.ini`]).toBe(
      processIni(at + 1, "/etc/pgbouncer/common.ini"),
    );
  }
  expect(containerOf(statefulSet)["args"]).toEqual([
    String(nofileLimit(budget, plan.slots)),
    "/etc/pgbouncer/$(POD_NAME).ini",
  ]);
}

/** How many workloads it checked. */
function check(golden: Golden): number {
  let checked = 0;
  for (const planned of golden.planned) {
    if (planned.budget.spec.pgbouncer.existing !== undefined) continue;
    checkTier(golden, planned);
    checked++;
    for (const each of planned.servers) {
      if (each.server.spec.workloadRef !== undefined) continue;
      checkServer(golden, planned, each);
      checked++;
    }
  }
  return checked;
}

/** All workloads but a Postgres for trying out. */
function workloadsOf({ manifests }: Golden): number {
  return podsOf(manifests).filter(({ labels }) => labels["weir.dev/tryout"] === undefined).length;
}

describe("what is planned is what is written", () => {
  it.each(goldens())("for the fleet $name", (golden) => {
    expect(check(golden)).toBe(workloadsOf(golden));
  });

  it("for any fleet", () => {
    fc.assert(
      fc.property(FEASIBLE, (golden) => {
        expect(check(golden)).toBe(workloadsOf(golden));
      }),
    );
  });
});

function iniOf({ manifests }: Golden): string | undefined {
  return manifests.find(({ kind }) => kind === "ConfigMap")?.metadata.name;
}

describe("the ini's name", () => {
  it("changes with its content, and with nothing else", () => {
    const [plain] = goldens().filter(({ name }) => name === "plain");
    if (plain === undefined) throw new Error("no golden fleet is named plain");
    const [budget] = plain.fleet.budgets;
    const [server] = plain.fleet.servers;
    if (budget === undefined || server === undefined) throw new Error("plain is empty");
    const otherImage = { ...server, spec: { ...server.spec, image: "registry.example/scene:2" } };
    const otherPool = {
      ...server,
      spec: { ...server.spec, pool: { ...server.spec.pool, max: 6 } },
    };
    const withServer = (each: McpServer) => ({ budgets: [budget], servers: [each] });
    expect(iniOf(goldenOf("any", withServer(otherImage)))).toBe(iniOf(plain));
    expect(iniOf(goldenOf("any", withServer(otherPool)))).not.toBe(iniOf(plain));
  });
});
