import { pino, type Logger } from "pino";
import { startOperator, type Operator } from "../../src/operator/operator.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import { isMapping, type Fields } from "../../src/json/fields.ts";
import { listPath } from "../../src/kube/object.ts";
import { startApiServer, type ApiServer } from "../cluster/apiServer.ts";
import { systemRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { systemNetwork } from "../../src/observe/network.ts";
import { kubeClientOf } from "../cluster/kubeClient.ts";

/** An object of a namespace, as it is sent. */
export interface Sent {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly name: string;
  readonly namespace: string;
  readonly metadata?: Fields;
  /** spec, data, … */
  readonly fields: Fields;
  /** Written after it is made. */
  readonly status?: Fields;
}

/** Where it is. */
type SentPlace = Pick<Sent, "apiVersion" | "plural" | "namespace" | "name">;

/** Operators of this process on a real API server. */
export interface ControlPlane {
  readonly server: ApiServer;
  readonly client: KubeClient;
  /** A namespace of its own, where pods may be made. */
  readonly namespace: (name: string) => Promise<string>;
  readonly create: (object: Sent) => Promise<void>;
  readonly remove: (object: SentPlace) => Promise<void>;
  /** Merges into an object, or into its status. */
  readonly patch: (object: SentPlace, patch: Fields, subresource?: "status") => Promise<void>;
  readonly read: (object: SentPlace) => Promise<Fields>;
  /** Starts one; it ends with the controlPlane at the latest. */
  readonly operate: (options?: {
    readonly candidate?: string;
    /** Absent: all. */
    readonly namespace?: string;
    readonly client?: KubeClient;
    readonly runtime?: Runtime;
  }) => Promise<Operator>;
  /** Everything that operators logged. */
  readonly logged: () => string;
  readonly stop: () => Promise<void>;
}

export const LEASE = { namespace: "default", name: "weir-operator" };

export async function startControlPlane(): Promise<ControlPlane> {
  const server = await startApiServer();
  const client = kubeClientOf(server);
  const running: Operator[] = [];
  let log = "";
  const logger: Logger = pino({ level: "debug" }, { write: (line) => void (log += line) });

  const asked = async (
    method: "POST" | "PATCH" | "DELETE" | "GET",
    path: string,
    body?: unknown,
  ): Promise<Fields> => {
    const answer = await client.request({
      method,
      path,
      ...(body !== undefined && { body }),
      ...(method === "PATCH" && { contentType: "application/merge-patch+json" }),
    });
    if (answer.status >= 300 || !isMapping(answer.body)) {
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  };
  await applyCrds(server);
  return {
    server,
    client,
    namespace: async (name) => {
      await asked("POST", "/api/v1/namespaces", {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name },
      });
      await asked("POST", `/api/v1/namespaces/${name}/serviceaccounts`, {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "default" },
      });
      return name;
    },
    create: async (object) => {
      const { apiVersion, kind, name, namespace, metadata, fields, status } = object;
      await asked("POST", listPath(object), {
        apiVersion,
        kind,
        metadata: { name, namespace, ...metadata },
        ...fields,
      });
      if (status !== undefined) await asked("PATCH", `${pathOf(object)}/status`, { status });
    },
    remove: async (object) => {
      await asked("DELETE", `${pathOf(object)}?gracePeriodSeconds=0`);
    },
    patch: async (object, patch, subresource) => {
      await asked("PATCH", `${pathOf(object)}${subresource ? `/${subresource}` : ""}`, patch);
    },
    read: (object) => asked("GET", pathOf(object)),
    operate: async (options = {}) => {
      const { candidate = "one", client: own = client } = options;
      const { runtime = systemRuntime, namespace } = options;
      const operator = await startOperator({
        client: own,
        network: systemNetwork(runtime),
        log: logger,
        ...(namespace !== undefined && { namespace }),
        port: 0,
        lease: LEASE,
        candidate,
        runtime,
      });
      running.push(operator);
      return operator;
    },
    logged: () => log,
    stop: async () => {
      await Promise.all(running.map((each) => each.stop()));
      await client.close();
      await server.stop();
    },
  };
}

function pathOf(object: SentPlace): string {
  return `${listPath(object)}/${object.name}`;
}

/** As `kubectl apply -f crds/`, and until they are served. */
export async function applyCrds({ kubectl }: ApiServer): Promise<void> {
  for (const args of [
    ["apply", "--filename", "crds"],
    ["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"],
  ]) {
    const { code, stderr } = await kubectl(args);
    if (code !== 0) throw new Error(`kubectl ${args[0]}: ${stderr}`);
  }
}

/** What an operator's port says. */
export async function ask(
  { port }: Pick<Operator, "port">,
  path: "/metrics" | "/livez" | "/readyz",
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, text: await response.text() };
}

/** The value of a series without labels other than these; 0 where there is none. */
export async function figure(operator: Pick<Operator, "port">, series: string): Promise<number> {
  const { text } = await ask(operator, "/metrics");
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return Number(line?.split(" ").at(-1) ?? 0);
}
