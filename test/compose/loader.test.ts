import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { plannedBudgets, planFleet } from "../../src/budget/planFleet.ts";
import { tryoutsOf } from "../../src/render/tryout.ts";
import { composeFolder, type ComposeFolder } from "../../src/compose/composeFolder.ts";
import { binary } from "../../tools/binaries/catalog.ts";
import { budgetOf, serverOf } from "../fleets/fleetOf.ts";
import { goldens } from "../golden/goldens.ts";
import { runProcess } from "../../tools/processes/processes.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { folderOf, readCompose, USER, type ServiceFields } from "./written.ts";

/** What docker compose itself makes of the files, by its own loader: schema, variables, references. */

let loader: string;

beforeAll(async () => {
  loader = await binary("compose-loader");
});

/** The project as compose sees it. */
interface Loaded {
  readonly services: Readonly<Record<string, ServiceFields>>;
}

async function load(
  { composeYaml, envExample, configs, secrets }: ComposeFolder,
  env = "",
): Promise<Loaded> {
  const dir = await scratchDir("compose");
  await writeFile(join(dir, "compose.yaml"), composeYaml);
  await writeFile(join(dir, ".env"), `${envExample}\n${env}\n`);
  for (const { path, files } of configs) {
    await mkdir(join(dir, path), { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, path, name), text);
  }
  for (const path of secrets) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), "");
  }
  return JSON.parse(await runProcess({ command: loader, args: [join(dir, "compose.yaml")] }));
}

describe.each(goldens())("the golden fleet $name", (golden) => {
  it("is loaded, with all its services", async () => {
    const folder = folderOf(golden);
    const { services } = await load(folder);
    const written = readCompose(folder.composeYaml).services;
    expect(Object.keys(services ?? {}).toSorted()).toEqual(Object.keys(written).toSorted());
  });
});

it("any user may write the folders in memory, at each start of a container", async () => {
  for (const golden of goldens()) {
    for (const { tmpfs } of Object.values((await load(folderOf(golden))).services ?? {})) {
      // Docker gives them the mode of the folder below, which the first start made for root.
      expect(tmpfs).toContain("/tmp:mode=1777");
      expect([tmpfs].flat().filter((each) => !String(each).endsWith(":mode=1777"))).toEqual([]);
    }
  }
});

it("what is no compose file is refused", async () => {
  const [golden] = goldens().filter(({ name }) => name === "plain");
  if (golden === undefined) throw new Error("no golden fleet is named plain");
  const folder = folderOf(golden);
  const spoilt = { ...folder, composeYaml: folder.composeYaml.replace("read_only: true", "a: 1") };
  await expect(load(spoilt)).rejects.toThrow(/studio-pgbouncer-0\.a false schema/);
});

describe("a server", () => {
  const server = serverOf("scene", {
    image: "registry.example/scene:1@sha256:0a",
    command: ["node", "$HOME"],
    args: ["--port", "$(PORT)", "--name=$(NOBODY)", "$$(PORT)"],
    path: "/$(HOME)/mcp",
    resources: { limits: { cpu: "250m", memory: "128Mi" }, requests: { cpu: 1 } },
    env: [
      { name: "PRICE", value: "5 $ or ${HOME}" },
      { name: "ADDRESS", value: "$(PGHOST):$(PGPORT)" },
      { name: "URL", value: "postgres://$(PGUSER):$(PGPASSWORD)@$(PGHOST)" },
      { name: "KEY", valueFrom: { secretKeyRef: { name: "keys", key: "a" } } },
      { name: "NOTHING" },
    ],
    livenessProbe: { exec: { command: ["check", "$A"] }, periodSeconds: 20 },
  });
  const fleet = { budgets: [budgetOf({ postgres: { host: "pg" } })], servers: [server] };
  const folder = composeFolder(plannedBudgets(fleet, planFleet(fleet)), [], USER);

  it("has the words and values that its pod would have", async () => {
    const { scene } = (await load(folder)).services;
    expect(scene).toMatchObject({
      image: "registry.example/scene:1@sha256:0a",
      entrypoint: ["node", "$HOME"],
      command: ["--port", "3000", "--name=$(NOBODY)", "$(PORT)"],
      environment: {
        MCP_PATH: "/$(HOME)/mcp",
        PRICE: "5 $ or ${HOME}",
        ADDRESS: "writing-pgbouncer.writing.svc:6432",
        NOTHING: "",
      },
      user: USER,
      deploy: { resources: { limits: { cpus: 0.25, memory: "134217728" } } },
      healthcheck: { test: ["CMD", "check", "$A"], interval: "20s" },
    });
    expect(Object.keys(scene?.environment ?? {})).not.toContain("URL");
    expect(Object.keys(scene?.environment ?? {})).not.toContain("KEY");
  });

  it("leaves out nothing without a word", () => {
    expect(folder.notes).toEqual([
      "McpServer/scene: spec.env.URL: left out: it refers to PGPASSWORD; set it in compose.override.yaml",
      "McpServer/scene: spec.env.KEY: left out: its value is in the cluster (valueFrom); set it in compose.override.yaml",
      "McpServer/scene: spec.resources.requests: left out: compose reserves nothing",
      "ConnectionBudget/writing: spec.postgres.host: pg is a name of the cluster: here it is this machine, or the address that PG_ADDRESS in .env gives",
      "NetworkPolicies: compose has none: networks keep servers, PgBouncer and Postgres apart",
    ]);
  });

  it("gets what .env says", async () => {
    const env = "SCENE_IMAGE=mine:2\nSCENE_PORT=4000\nPG_ADDRESS=10.0.0.5\nWEIR_USER=7:8";
    const { services } = await load(folder, env);
    expect(services["scene"]).toMatchObject({
      image: "mine:2",
      user: "7:8",
      ports: [{ target: 3000, published: "4000", host_ip: "127.0.0.1" }],
    });
    expect(services["writing-pgbouncer-0"]?.["extra_hosts"]).toEqual(["pg=10.0.0.5"]);
  });
});

it.each(["localhost", "127.0.0.1", "::1"])(
  "a Postgres at %s, which in a container is the container itself, is reported",
  async (host) => {
    const fleet = { budgets: [budgetOf({ postgres: { host } })], servers: [serverOf("scene")] };
    const folder = composeFolder(plannedBudgets(fleet, planFleet(fleet)), [], USER);
    expect(folder.notes.filter((note) => note.includes("spec.postgres.host"))).toEqual([
      `ConnectionBudget/writing: spec.postgres.host: ${host} is PgBouncer's own container, where no Postgres is: give it a name, such as postgres, and set its address in .env`,
    ]);
    const { services } = await load(folder);
    expect(services["writing-pgbouncer-0"]?.["extra_hosts"]).toBeUndefined();
  },
);

it("what the golden fleets ask for and compose can't do is said, field by field", () => {
  const notes = goldens().flatMap((golden) => folderOf(golden).notes);
  // OBJECT: FIELDS: what of them.
  const fields = new Set(notes.flatMap((note) => note.split(": ")[1]?.split(", ") ?? []));
  const ofSpecs = [...fields].filter((field) => field.startsWith("spec."));
  expect(ofSpecs.toSorted()).toEqual([
    "spec.activation",
    "spec.autoscaling",
    "spec.env.API_KEY",
    "spec.env.DATABASE_URI",
    "spec.envFrom",
    "spec.imagePullSecrets",
    "spec.livenessProbe",
    "spec.nodeSelector",
    "spec.pgbouncer.affinity",
    "spec.pgbouncer.existing",
    "spec.pgbouncer.nodeSelector",
    "spec.pgbouncer.priorityClassName",
    "spec.pgbouncer.resources.requests",
    "spec.pgbouncer.topologySpreadConstraints",
    "spec.pool.resize",
    "spec.port",
    "spec.postgres.host",
    "spec.priorityClassName",
    "spec.readinessProbe",
    "spec.resources.requests",
    "spec.startupProbe",
    "spec.tolerations",
    "spec.topologySpreadConstraints",
    "spec.workloadRef",
  ]);
});

it("a Postgres for trying out is found by every name that a budget has for it", async () => {
  const [golden] = goldens().filter(({ name }) => name === "tryout");
  if (golden === undefined) throw new Error("no golden fleet is named tryout");
  expect(tryoutsOf(golden.planned).problems).toEqual([]);
  const { postgres } = (await load(folderOf(golden))).services;
  expect(postgres?.networks["postgres"]?.aliases).toEqual(["postgres.writers.svc", "postgres"]);
  expect(postgres?.command).toContain("superuser_reserved_connections=3");
});

it("probes of all servers, which almost every fleet has, are reported in one line", () => {
  const probe = { httpGet: { path: "/", port: "mcp" } };
  const fleet = {
    budgets: [budgetOf()],
    servers: [
      serverOf("scene", { livenessProbe: probe, readinessProbe: probe }),
      serverOf("review", { readinessProbe: probe }),
      serverOf("author", { readinessProbe: { exec: { command: ["check"] } } }),
    ],
  };
  const { notes } = composeFolder(plannedBudgets(fleet, planFleet(fleet)), [], USER);
  expect(notes.filter((note) => note.includes("Probe"))).toEqual([
    "2 McpServers: spec.livenessProbe, spec.readinessProbe: 3 probes left out: compose runs commands only (exec)",
  ]);
});
