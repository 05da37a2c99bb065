import { readFileSync } from "node:fs";
import { join } from "node:path";
import { activeFleet } from "../../src/fleet/activeFleet.ts";
import { membersOf } from "../../src/api/mcpServer.ts";
import { readFleet } from "../../src/fleet/readFleet.ts";
import type { BudgetPlan } from "../../src/budget/plan.ts";
import { planFleet } from "../../src/budget/planFleet.ts";
import { ROOT } from "../synth/commands.ts";

/** A fleet that the suite runs, in a namespace of its own. */
export interface FleetSpec {
  readonly namespace: string;
  /** What `fleet.yaml` holds. */
  readonly text: string;
  /** As in WEIR_ACTIVE: the others sleep. All are awake when absent. */
  readonly active?: readonly string[];
  /** Its servers that are scaled, when some are. */
  readonly scaled?: Scaled;
}

/** Servers with a HorizontalPodAutoscaler. */
export interface Scaled {
  /** To so many pods. */
  readonly max: number;
  /** Their autoscalers never see a reason: somebody has to scale them. */
  readonly byHand: readonly string[];
  /** Scaled by how much CPU it takes. */
  readonly byCpu: string;
}

/** The budget of every fleet here. */
export const BUDGET = "writing";
/** Its Postgres, to try it out. */
export const POSTGRES_POD = "writing-postgres-0";

const EXAMPLE = readFileSync(join(ROOT, "examples/writing-servers/fleet.yaml"), "utf8");
const [EXAMPLE_BUDGET = ""] = EXAMPLE.split(/^---$/m);

/** A call that each of the ten servers answers, also without any data: it reads a table. */
const CALLS: Readonly<Record<string, { readonly name: string; readonly args: Args }>> = {
  "book-planning": { name: "list_books", args: {} },
  "series-planning": { name: "list_series", args: {} },
  "chapter-planning": { name: "list_chapters", args: { bookId: 1 } },
  "character-planning": { name: "list_characters", args: { bookId: 1 } },
  scene: { name: "list_scenes", args: { chapterId: 1 } },
  "core-continuity": { name: "list_facts", args: { bookId: 1 } },
  review: { name: "list_reviews", args: {} },
  reporting: { name: "studio_totals", args: {} },
  author: { name: "list_authors", args: {} },
  "database-admin": { name: "list_tables", args: {} },
};

type Args = Readonly<Record<string, unknown>>;

/** The call of one of them. */
export function callOf(member: string): { readonly name: string; readonly args: Args } {
  const call = CALLS[member];
  if (call === undefined) throw new Error(`no call of ${member}`);
  return call;
}

/** The example as it is: ten servers, each with a pool of its own. */
export const TEN: FleetSpec = { namespace: "writing", text: EXAMPLE };

/** All ten in one process with one pool, as was proposed after the incident. */
export const SHARED: FleetSpec = {
  namespace: "writing-shared",
  text: inNamespace(
    "writing-shared",
    `${EXAMPLE_BUDGET}---
apiVersion: weir.dev/v1alpha1
kind: McpServer
metadata: { name: studio, namespace: writing }
spec:
  budgetRef: { name: ${BUDGET} }
  image: weir.local/writing-servers:0.1.0
  port: 3001
  members: [${Object.keys(CALLS).join(", ")}]
  pool: { guaranteed: 5, max: 50, minIdle: 5, idleTimeoutMs: 30000, connectionTimeoutMs: 2000 }
  livenessProbe: { httpGet: { path: /livez, port: mcp }, timeoutSeconds: 5, failureThreshold: 6 }
  readinessProbe: { httpGet: { path: /readyz, port: mcp }, periodSeconds: 2, timeoutSeconds: 5 }
`,
  ),
};

/** The example, of which only the servers run that are needed. */
export const ON_NEED: FleetSpec = {
  namespace: "writing-on-need",
  text: inNamespace("writing-on-need", EXAMPLE),
  active: ["scene", "review", "database-admin"],
};

/** Three servers that are scaled, and one that is not. */
export const SCALED: FleetSpec = {
  namespace: "writing-scaled",
  text: scaledExample("writing-scaled"),
  active: ["scene", "review", "reporting", "author"],
  scaled: { max: 3, byHand: ["review", "reporting"], byCpu: "scene" },
};

function scaledExample(namespace: string): string {
  const never =
    "{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 100000 } } }";
  const scaling: Readonly<Record<string, string>> = {
    // A third pod comes above 2 × 80 % of what one requests: 80 m, which 0.8 of a core can spare.
    scene: "{ minReplicas: 1, maxReplicas: 3 }\n  resources: { requests: { cpu: 50m } }",
    review: `{ minReplicas: 1, maxReplicas: 3, metrics: [${never}] }`,
    reporting: `{ minReplicas: 1, maxReplicas: 3, metrics: [${never}] }`,
  };
  const text = Object.entries(scaling).reduce(
    (before, [server, autoscaling]) =>
      before.replace(
        new RegExp(`(name: ${server}, namespace: writing \\}\\nspec:\\n)`),
        `$1  autoscaling: ${autoscaling}\n`,
      ),
    EXAMPLE,
  );
  return inNamespace(namespace, text);
}

function inNamespace(namespace: string, text: string): string {
  return text.replaceAll("namespace: writing", `namespace: ${namespace}`);
}

/** The objects as the operator is to see them: it knows nothing of WEIR_ACTIVE. */
export function observedText({ text, active }: FleetSpec): string {
  if (active === undefined) return text;
  const sleeps = (document: string) => {
    const name = /kind: McpServer\nmetadata: \{ name: (?<name>[\w-]+),/.exec(document)?.groups?.[
      "name"
    ];
    return name !== undefined && !active.includes(name);
  };
  return text
    .split(/^---$/m)
    .map((each) =>
      sleeps(each) ? each.replace("spec:\n", "spec:\n  activation: Disabled\n") : each,
    )
    .join("---");
}

/** The plan of a fleet's one budget, and its servers that are awake. */
export interface PlannedServers {
  readonly plan: BudgetPlan;
  readonly servers: readonly AwakeServer[];
}

/** Plans a fleet of one budget. */
export function planned({ text, active }: FleetSpec): PlannedServers {
  const read = readFleet([{ name: "fleet.yaml", text }]);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const { fleet } = activeFleet(read.fleet, {}, active?.join(","));
  const [plan] = planFleet(fleet).budgets;
  if (plan === undefined) throw new Error("the fleet has no budget");
  const servers = plan.servers.map(({ name }) => {
    const server = fleet.servers.find(({ metadata }) => metadata.name === name);
    if (server === undefined) throw new Error(`${name} is planned, and no server`);
    const { spec, metadata } = server;
    const url = `http://${name}.${metadata.namespace}.svc:${spec.port}${spec.path}`;
    return { name, url, members: membersOf(server) };
  });
  return { plan, servers };
}

/** A server that runs, and where its Service has it. */
interface AwakeServer {
  readonly name: string;
  readonly url: string;
  readonly members: readonly string[];
}
