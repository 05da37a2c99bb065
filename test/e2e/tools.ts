import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { budgetNames, MAINTENANCE_LABEL, METRICS_LABEL } from "../../src/api/names.ts";
import { imageOf } from "../../tools/images/catalog.ts";
import type { FleetNamespace } from "./environment.ts";
import { answered } from "./eventually.ts";
import { BUDGET } from "./fleets.ts";

/**
 * A pod of ours in a fleet's namespace, where the suite's programs run: what reaches a Service or a
 * PgBouncer from there does so in any cluster. It has weir's image, and the programs from here.
 */

/** Its name. */
export const TOOLS_POD = "e2e-tools";
const PROGRAMS = join(import.meta.dirname, "programs");
/** Where they find weir's own sources. */
const MOUNTED = "/weir/test/e2e/programs";
export const LOAD_PORT = 8081;
export const SAMPLE_PORT = 8082;
const LOAD = { load: toolCommand("load.ts", String(LOAD_PORT)) };

/** Of a pod of ours. */
interface ToolsSpec {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Commands by the names of their containers. */
  readonly runs: Readonly<Record<string, readonly string[]>>;
}

/** The pod that may ask PgBouncer and pools, and does so from its start, to be applied. */
export function toolsObjects(
  namespace: string,
  poolers: ReadonlyMap<string, string>,
): Promise<object> {
  const sampled = [...poolers].map(([pod, host]) => `${pod}=${host}`);
  return podWithPrograms({
    namespace,
    name: TOOLS_POD,
    labels: { [MAINTENANCE_LABEL]: BUDGET, [METRICS_LABEL]: "true" },
    runs: { ...LOAD, sample: toolCommand("sample.ts", String(SAMPLE_PORT), ...sampled) },
  });
}

/** A pod that does nothing by itself, to be applied. */
export function idleObjects(spec: Omit<ToolsSpec, "runs">): Promise<object> {
  return podWithPrograms({ ...spec, runs: LOAD });
}

/** A pod with the programs of this folder, and the programs. */
async function podWithPrograms(spec: ToolsSpec): Promise<object> {
  const { namespace, name } = spec;
  const programs = await readdir(PROGRAMS);
  const files = await Promise.all(
    programs.map(async (file) => [file, await readFile(join(PROGRAMS, file), "utf8")] as const),
  );
  const data = Object.fromEntries(files);
  const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data };
  return { apiVersion: "v1", kind: "List", items: [configMap, toolsPod(spec, programs)] };
}

function toolsPod(spec: ToolsSpec, programs: readonly string[]): object {
  const { namespace, name, labels, runs } = spec;
  const password = { name: budgetNames(BUDGET).statsSecret, key: "password", optional: true };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels },
    spec: {
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: Object.entries(runs).map(([container, command]) => ({
        name: container,
        image: imageOf("weir").reference,
        command,
        env: [{ name: "PGPASSWORD", valueFrom: { secretKeyRef: password } }],
        resources: { requests: { cpu: "50m", memory: "64Mi" } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        // Each by itself: a folder of a ConfigMap holds links, whose imports lead elsewhere.
        volumeMounts: programs.map((file) => ({
          name: "programs",
          mountPath: `${MOUNTED}/${file}`,
          subPath: file,
        })),
      })),
      volumes: [{ name: "programs", configMap: { name } }],
    },
  };
}

/** Runs one of the programs in a pod to its end. @returns what it wrote to stdout */
export function runTool(
  { kubectl }: Pick<FleetNamespace, "kubectl">,
  program: string,
  ...args: readonly string[]
): Promise<string> {
  return kubectl("exec", TOOLS_POD, "--container=load", "--", ...toolCommand(program, ...args));
}

/** How a pod of ours runs one of the programs. */
export function toolCommand(program: string, ...args: readonly string[]): readonly string[] {
  return ["node", `${MOUNTED}/${program}`, ...args];
}

/**
 * Asks one of the programs that run in the pod, or tells it something, which says all there is to
 * do. Each time by a request of its own: a stream may break in a cluster that is busy.
 *
 * @param told is asked at each try
 * @returns the JSON of its answer
 */
export function askProgram(
  { environment, namespace }: Pick<FleetNamespace, "environment" | "namespace">,
  port: number,
  told?: () => object,
): Promise<string> {
  return answered(async () => {
    const { status, body } = await environment.client.request({
      method: told === undefined ? "GET" : "POST",
      path: `/api/v1/namespaces/${namespace}/pods/${TOOLS_POD}:${port}/proxy/`,
      body: told?.(),
    });
    if (status === 200) return JSON.stringify(body);
    throw new Error(`port ${port} of ${TOOLS_POD} answers ${status}: ${JSON.stringify(body)}`);
  });
}
