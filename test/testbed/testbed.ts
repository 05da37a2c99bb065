import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { namespace as chartNamespace } from "../../charts/namespace.ts";
import { processCountOf } from "../../src/api/connectionBudget.ts";
import { budgetNames, OPERATOR_NAMESPACE, PGBOUNCER_PORT } from "../../src/api/names.ts";
import { connect, type KubeClient } from "../../src/kube/client.ts";
import { loadKubeconfig } from "../../src/kube/kubeconfig.ts";
import { secretKeyOf, type SecretData } from "../../src/credentials/secrets.ts";
import {
  API_SERVER_START_TIMEOUT_MS,
  startApiServer,
  type ApiServer,
} from "../cluster/apiServer.ts";
import { startFakeNode } from "../cluster/fakeNode.ts";
import { claimPodAddresses } from "../cluster/podAddresses.ts";
import { consoleQuery, type PgBouncer } from "../parts/pgbouncer.ts";
import { startPostgres, type Postgres, type PostgresSpec } from "../parts/postgres.ts";
import { applyObjects } from "./applyObjects.ts";
import { followConditions, type Conditions } from "./conditions.ts";
import { startExisting, type ExistingSettings } from "./existingPgBouncer.ts";
import { startOperator, type OperatorProcess } from "./operatorProcess.ts";
import { isPgBouncerPod, startPgBouncerPod } from "./pgbouncerPod.ts";
import { requestsOf, type Requests } from "./requests.ts";
import { preparePostgres, testbedFleet, type TestbedFleet } from "./testbedFleet.ts";
import { startServerPods, type ServerPods } from "./serverPods.ts";
import { workloadsReady } from "./workloadsReady.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

/** For hooks that start a testbed: as for an API server. */
export const TESTBED_START_TIMEOUT_MS = API_SERVER_START_TIMEOUT_MS;

/** Where all of a testbed's objects are. */
const NAMESPACE = "writing";

/** What stands there before a fleet is applied. */
interface TestbedSpec {
  /** Settings of Postgres: `{ max_connections: 50 }`. */
  readonly postgres?: PostgresSpec["settings"];
  /** A PgBouncer that weir did not make, for a fleet that names it; none when absent. */
  readonly existing?: ExistingSettings;
}

/** How the operator is started. */
interface OperatorProcessOptions {
  /** A ServiceAccount of the namespace weir-system; an administrator when absent. */
  readonly as?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * A whole system for the operator to look at: a real API server with controllers and a fake node,
 * whose pods are real PgBouncers, and programs with real connections and MCP endpoints, before a
 * real Postgres.
 */
export interface Testbed {
  readonly apiServer: ApiServer;
  readonly client: KubeClient;
  readonly postgres: Postgres;
  /** The PgBouncer that weir did not make. @throws when the testbed has none */
  readonly existing: () => PgBouncer;
  /** Of weir's own, that of a pod. @throws when none runs there */
  readonly pgbouncer: (pod: string) => PgBouncer;
  /**
   * Applies a fleet and all that people make of it before an operator comes: the guarded role,
   * Secrets, and workloads; and waits until they are Ready. Again: applies the changed ones.
   */
  readonly fleet: (yaml: string) => Promise<TestbedFleet>;
  /** Applies the ConnectionBudgets and McpServers alone: nothing else follows them yet. */
  readonly write: (yaml: string) => Promise<TestbedFleet>;
  /** Waits until every workload is rolled out. */
  readonly ready: () => Promise<void>;
  readonly servers: Omit<ServerPods, "run" | "kill">;
  /** kubectl, in the testbed's namespace. @returns what it wrote to stdout */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** Changes a file of a PgBouncer by hand, and does not reload. */
  readonly edit: (
    bouncer: PgBouncer,
    file: string,
    change: (text: string) => string,
  ) => Promise<void>;
  /** SHOW on the console, as an admin on the machine. */
  readonly show: (bouncer: PgBouncer, what: string) => Promise<Record<string, unknown>[]>;
  readonly conditions: Conditions;
  /** Those of the operator: of whoever logs in with `operatorKubeconfig` or as its ServiceAccount. */
  readonly requests: Requests;
  readonly operatorKubeconfig: string;
  /** Starts a `weir operator`; it ends with the testbed. */
  readonly operator: (wish?: OperatorProcessOptions) => Promise<OperatorProcess>;
  readonly stop: () => Promise<void>;
}

const CRDS = ["weir.dev_connectionbudgets.yaml", "weir.dev_mcpservers.yaml"];

/** Starts one, with no fleet yet, and no operator. */
export async function startTestbed(spec: TestbedSpec = {}): Promise<Testbed> {
  const ending: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (let end = ending.pop(); end !== undefined; end = ending.pop()) await end();
  };
  const ends = <T>(part: T, end: (part: T) => Promise<unknown>): T => {
    ending.push(() => end(part));
    return part;
  };
  const stops = <T extends { readonly stop: () => Promise<unknown> }>(part: T): T =>
    ends(part, (each) => each.stop());
  try {
    const apiServer = stops(
      await startApiServer({
        controllerManager: true,
        users: ["fake-node", "operator"],
        audited: ["operator", `system:serviceaccount:${OPERATOR_NAMESPACE}:weir-operator`],
      }),
    );
    const clientOf = (path: string) =>
      ends(connect(loadKubeconfig({ KUBECONFIG: path }), systemRuntime), (each) => each.close());
    const client = clientOf(apiServer.kubeconfigPath);
    const operatorKubeconfig = await apiServer.kubeconfigFor({ user: "operator" });
    const postgres = stops(
      await startPostgres({ ...(spec.postgres && { settings: spec.postgres }) }),
    );
    const old = spec.existing && stops(await startExisting(postgres, spec.existing));
    const addresses = ends(await claimPodAddresses(), (each) => each.release());

    const kubectl = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await apiServer.kubectl(["-n", NAMESPACE, ...args]);
      if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}`);
      return stdout;
    };
    for (const file of CRDS) {
      await kubectl("apply", "--server-side", "-f", pathOfCrd(file));
    }
    await kubectl("wait", "--for=condition=Established", "crd", "--all");
    await applyObjects(client, [
      namespaceOf(old !== undefined),
      chartNamespace(OPERATOR_NAMESPACE),
    ]);

    const bouncers = new Map<string, PgBouncer>();
    ends(bouncers, (all) => Promise.all([...all.values()].map((each) => each.stop())));
    const services = new Map<string, readonly { readonly host: string; readonly port: number }[]>();
    const servers = ends(
      await startServerPods(client, (host, port) => services.get(host) ?? [{ host, port }]),
      (each) => each.kill(),
    );
    const node = stops(
      await startFakeNode({
        kubeconfigPath: await apiServer.kubeconfigFor({ user: "fake-node" }),
        addresses,
        run: async (pod) => {
          if (!isPgBouncerPod(pod)) return servers.run(pod);
          const { name } = pod.object.metadata;
          const bouncer = await startPgBouncerPod(pod, client, addresses);
          bouncers.set(name, bouncer);
          return {
            stop: async () => {
              bouncers.delete(name);
              await bouncer.stop();
            },
          };
        },
      }),
    );
    const ready = () => workloadsReady(client, NAMESPACE, () => node.failures.slice(-3).join("\n"));

    const secrets = new Map<string, SecretData>();
    const fleet = async (yaml: string) => {
      const read = testbedFleet(yaml, secrets);
      for (const { metadata, data } of read.secrets) secrets.set(secretKeyOf(metadata), data);
      for (const budget of read.fleet.budgets) {
        const { pgbouncer } = budgetNames(budget.metadata.name);
        const pods = Array.from({ length: processCountOf(budget) }, (_, ordinal) => ({
          host: addresses.of(`${NAMESPACE}/${pgbouncer}-${ordinal}`),
          port: PGBOUNCER_PORT,
        }));
        services.set(`${pgbouncer}.${NAMESPACE}.svc`, pods);
      }
      await preparePostgres(postgres, read, secrets);
      await applyObjects(
        client,
        read.secrets.map((secret) => ({ ...secret })),
      );
      await applyObjects(client, read.written);
      await applyObjects(client, read.workloads);
      await ready();
      return read;
    };

    const write = async (yaml: string) => {
      const read = testbedFleet(yaml, secrets);
      await applyObjects(client, read.written);
      return read;
    };

    const conditions = stops(await followConditions(client, NAMESPACE));
    const operator = async ({ as, args, env }: OperatorProcessOptions = {}) => {
      const kubeconfigPath =
        as === undefined
          ? operatorKubeconfig
          : await apiServer.kubeconfigFor({
              token: (await kubectl("-n", OPERATOR_NAMESPACE, "create", "token", as)).trim(),
            });
      return ends(
        await startOperator({ kubeconfigPath, ...(args && { args }), ...(env && { env }) }),
        (each) => each.kill(),
      );
    };
    return {
      apiServer,
      client,
      postgres,
      existing: () => found(old, "the testbed was started without an existing PgBouncer"),
      pgbouncer: (pod) => found(bouncers.get(pod), `no PgBouncer runs in pod ${pod}`),
      fleet,
      write,
      ready,
      servers,
      kubectl,
      edit: async (bouncer, file, change) => {
        const text = await readFile(join(bouncer.place.dir, file), "utf8");
        await bouncer.write({ [file]: change(text) });
      },
      show: ({ place }, what) => consoleQuery(place, `SHOW ${what}`),
      conditions,
      requests: requestsOf(apiServer, clientOf(operatorKubeconfig)),
      operatorKubeconfig,
      operator,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function pathOfCrd(file: string): string {
  return new URL(`../../crds/${file}`, import.meta.url).pathname;
}

/** Where weir makes the pods, they are restricted; those of others are as they are. */
function namespaceOf(isOthers: boolean) {
  const own = chartNamespace(NAMESPACE);
  return isOthers ? { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } } : own;
}

function found<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new Error(message);
  return value;
}
