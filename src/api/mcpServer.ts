import { z } from "zod";
import {
  conditions,
  handedOn,
  imageSchema,
  metadataSchema,
  nameSchema,
  objectNameSchema,
  portSchema,
  resources,
  scheduling,
  secretRef,
  textLike,
  whole,
} from "./kubernetes.ts";
import { MOST_CONNECTIONS } from "./connectionBudget.ts";
import { API_VERSION, POOL_PORT, RESERVED_SERVER_NAMES } from "./names.ts";
import { withRules } from "./rules.ts";

/** Environment that weir sets in every server beside the names of `pool.env`. */
const COMPUTED_ENV: readonly string[] = [
  "ACTIVE_MCP_SERVERS",
  "DATABASE_URL",
  "MCP_PATH",
  "NODE_EXTRA_CA_CERTS",
  "PGDATABASE",
  "PGHOST",
  "PGPASSWORD",
  "PGPORT",
  "PGSSLMODE",
  "PGSSLROOTCERT",
  "PGUSER",
  "PORT",
  "WEIR_POOL_PORT",
];

const connections = whole(1, MOST_CONNECTIONS);
const replicas = whole(1, 10_000);
const milliseconds = whole(0, 86_400_000);

const envName = textLike(/^[A-Za-z_][A-Za-z0-9_]*$/, "the name of an environment variable").max(
  128,
);

const intOrPercent = z
  .union([whole(0, 10_000), textLike(/^(100|[1-9]?[0-9])%$/, "a percentage")])
  .meta({ "x-kubernetes-int-or-string": true });

const rolloutSchema = withRules(
  z.strictObject({
    type: z
      .enum(["RollingUpdate", "Recreate"])
      .default("RollingUpdate")
      .describe("RollingUpdate counts two generations of pods, Recreate one."),
    maxSurge: intOrPercent.default(1).describe("As in a Deployment; RollingUpdate only."),
    maxUnavailable: intOrPercent.default(0).describe("As in a Deployment; RollingUpdate only."),
  }),
  [
    {
      cel: "!((type(self.maxSurge) == int ? self.maxSurge == 0 : self.maxSurge == '0%') && (type(self.maxUnavailable) == int ? self.maxUnavailable == 0 : self.maxUnavailable == '0%'))",
      holds: ({ maxSurge, maxUnavailable }) => !(isZero(maxSurge) && isZero(maxUnavailable)),
      message: "must not be 0 when maxSurge is 0: the rollout could not move",
      path: ["maxUnavailable"],
    },
  ],
);

function isZero(value: number | string): boolean {
  return value === 0 || value === "0%";
}

const autoscalingSchema = withRules(
  z.strictObject({
    minReplicas: replicas.default(1).describe("Fewest pods."),
    maxReplicas: replicas.describe("Most pods; the sum counts these."),
    metrics: z
      .array(handedOn)
      .max(20)
      .default([])
      .describe("As in an HPA (autoscaling/v2); none: CPU 80 %."),
  }),
  [
    {
      cel: "self.minReplicas <= self.maxReplicas",
      holds: (autoscaling) => autoscaling.minReplicas <= autoscaling.maxReplicas,
      message: "must be at most maxReplicas",
      path: ["minReplicas"],
    },
  ],
);

const poolEnvSchema = withRules(
  z.strictObject({
    max: envName.default("DB_POOL_MAX_PER_SERVER").describe("Gets the limit."),
    minIdle: envName.default("DB_POOL_MIN").describe("Gets minIdle."),
    idleTimeoutMs: envName.default("DB_POOL_IDLE_TIMEOUT").describe("Gets idleTimeoutMs."),
    connectionTimeoutMs: envName
      .default("DB_POOL_CONNECTION_TIMEOUT")
      .describe("Gets connectionTimeoutMs."),
  }),
  [
    {
      cel: "self.max != self.minIdle && self.max != self.idleTimeoutMs && self.max != self.connectionTimeoutMs && self.minIdle != self.idleTimeoutMs && self.minIdle != self.connectionTimeoutMs && self.idleTimeoutMs != self.connectionTimeoutMs",
      holds: (env) => new Set(Object.values(env)).size === Object.values(env).length,
      message: "must be four different names",
      path: ["max"],
    },
    ...(["max", "minIdle", "idleTimeoutMs", "connectionTimeoutMs"] as const).map((key) => ({
      cel: `!(self.${key} in ${JSON.stringify(COMPUTED_ENV)})`,
      holds: (env: Record<typeof key, string>) => !COMPUTED_ENV.includes(env[key]),
      message: `must not be one of ${COMPUTED_ENV.join(", ")}: weir sets them to something else`,
      path: [key],
    })),
  ],
);

const poolSchema = withRules(
  z.strictObject({
    guaranteed: connections.default(1).describe("Connections that a process always gets."),
    max: connections.default(5).describe("The most a process may ever be given."),
    minIdle: whole(0, MOST_CONNECTIONS)
      .default(0)
      .describe("Connections that a pool keeps open while it has nothing to do."),
    idleTimeoutMs: milliseconds
      .default(10_000)
      .describe("After this an idle connection is closed, in milliseconds."),
    connectionTimeoutMs: milliseconds
      .default(2_000)
      .describe("How long a checkout waits for a connection, in milliseconds."),
    processesPerPod: whole(1, 64)
      .default(1)
      .describe("Processes of a pod, each with a pool of its own."),
    resize: z
      .enum(["Static", "Live"])
      .default("Static")
      .describe(
        "Static: a process keeps the limit it started with. Live: it follows its pod's annotation.",
      ),
    env: poolEnvSchema
      .prefault({})
      .describe("Environment variables that the server reads its pool settings from."),
  }),
  [
    {
      cel: "self.guaranteed <= self.max",
      holds: (pool) => pool.guaranteed <= pool.max,
      message: "must be at most pool.max",
      path: ["guaranteed"],
    },
    {
      cel: "self.minIdle <= self.guaranteed",
      holds: (pool) => pool.minIdle <= pool.guaranteed,
      message: "must be at most pool.guaranteed: what is always open must be guaranteed",
      path: ["minIdle"],
    },
  ],
);

const envEntry = z.strictObject({
  name: envName.describe("Name of the variable."),
  value: z.string().max(32_768).optional().describe("Its value."),
  valueFrom: handedOn.optional().describe("Where its value comes from, as in a container."),
});

/** The indexes of those that are there before. */
function repeated(names: readonly string[]): number[] {
  const known = new Set<string>();
  return names.flatMap((name, index) => {
    const isRepeated = known.has(name);
    known.add(name);
    return isRepeated ? [index] : [];
  });
}

/** 500 servers a budget is the most; so are the members of one. */
export const MEMBERS_MAX = 500;

const specSchema = withRules(
  z.strictObject({
    budgetRef: z
      .strictObject({
        name: objectNameSchema.describe("A ConnectionBudget of the same namespace."),
      })
      .describe("The budget that this server draws from."),
    workloadRef: z
      .strictObject({
        kind: z.enum(["Deployment", "StatefulSet", "DaemonSet"]).describe("Its kind."),
        name: objectNameSchema.describe("Its name."),
      })
      .optional()
      .describe("A workload that weir did not make; only in a budget with mode Observe."),
    image: imageSchema.optional().describe("Image of the server."),
    command: z.array(z.string()).max(100).optional().describe("As in a container."),
    args: z.array(z.string()).max(1000).optional().describe("As in a container."),
    port: portSchema.describe("Port that the server listens on."),
    path: textLike(/^\/\S*$/, "a path that begins with / and has no spaces")
      .max(1024)
      .default("/mcp")
      .describe("Path of the MCP endpoint."),
    replicas: replicas.default(1).describe("Pods, when there is no autoscaling."),
    autoscaling: autoscalingSchema.optional().describe("A HorizontalPodAutoscaler."),
    rollout: rolloutSchema.prefault({}).describe("How new pods replace old ones."),
    pool: poolSchema.prefault({}).describe("The connection pool of each process."),
    weight: whole(1, 1000)
      .default(1)
      .describe("Share of what is divided, with policy Weighted or Adaptive."),
    priority: whole(-1_000_000, 1_000_000)
      .default(0)
      .describe("Who is admitted first when not all fit."),
    activation: z
      .enum(["Always", "Disabled", "OnDemand"])
      .default("Always")
      .describe("Disabled: not counted, no pods. OnDemand: counted now, woken later."),
    members: z
      .array(nameSchema(63))
      .min(1)
      .max(MEMBERS_MAX)
      .meta({ "x-kubernetes-list-type": "set" })
      .optional()
      .describe(
        "Servers hosted in one process with one pool: ACTIVE_MCP_SERVERS. Default: the object's name.",
      ),
    credentialsSecretRef: secretRef
      .optional()
      .describe("Secret with the login's password (key password). Default: NAME-db."),
    env: z
      .array(envEntry)
      .max(200)
      .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] })
      .default([])
      .describe("As in a container; not what weir sets."),
    envFrom: z.array(handedOn).max(100).optional().describe("As in a container."),
    resources: resources.optional(),
    livenessProbe: handedOn
      .optional()
      .describe("As in a container. Default: a TCP connect to the port."),
    readinessProbe: handedOn
      .optional()
      .describe("As in a container. Default: a TCP connect to the port."),
    startupProbe: handedOn.optional().describe("As in a container."),
    terminationGracePeriodSeconds: whole(0, 3600).default(30).describe("As in a pod, in seconds."),
    ...scheduling,
  }),
  [
    {
      cel: "has(self.image) || has(self.workloadRef)",
      holds: (spec) => spec.image !== undefined || spec.workloadRef !== undefined,
      message: "must be given, unless workloadRef names a workload that is there",
      path: ["image"],
    },
    {
      cel: "!(has(self.image) && has(self.workloadRef))",
      holds: (spec) => spec.image === undefined || spec.workloadRef === undefined,
      message: "must not be given beside workloadRef: weir did not make that workload",
      path: ["image"],
    },
    {
      cel: `self.port < ${POOL_PORT} || self.port >= ${POOL_PORT} + self.pool.processesPerPod`,
      holds: ({ port, pool }) => port < POOL_PORT || port >= POOL_PORT + pool.processesPerPod,
      message: `must not be ${POOL_PORT} or the ports after it, one for each process of the pod: the pool library serves there`,
      path: ["port"],
    },
    // Scaled in the middle of a rollout, a Deployment has up to replicas + maxSurge pods: no more than
    // the two generations that the sum counts, as long as maxSurge is at most all of them.
    // https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#proportional-scaling
    {
      cel: "type(self.rollout.maxSurge) != int || self.rollout.maxSurge <= self.replicas || (has(self.autoscaling) && self.rollout.maxSurge <= self.autoscaling.maxReplicas)",
      holds: ({ rollout: { maxSurge }, replicas: pods, autoscaling }) =>
        typeof maxSurge === "string" || maxSurge <= Math.max(pods, autoscaling?.maxReplicas ?? 0),
      message:
        "must be at most replicas, or autoscaling.maxReplicas: the sum counts two generations of pods",
      path: ["rollout", "maxSurge"],
    },
    {
      // The API server knows it from the list's type: a set.
      violations: ({ members = [] }) => repeated(members).map((index) => [index]),
      message: "must name each member once",
      path: ["members"],
    },
    {
      cel: `self.env.all(entry, !(entry.name in ${JSON.stringify(COMPUTED_ENV)}) && entry.name != self.pool.env.max && entry.name != self.pool.env.minIdle && entry.name != self.pool.env.idleTimeoutMs && entry.name != self.pool.env.connectionTimeoutMs)`,
      violations: ({ env, pool }) => {
        const taken = new Set([...COMPUTED_ENV, ...Object.values(pool.env)]);
        return env.flatMap(({ name }, index) => (taken.has(name) ? [[index, "name"]] : []));
      },
      message: `must not name a variable that weir sets: those of pool.env, ${COMPUTED_ENV.join(", ")}`,
      path: ["env"],
    },
    {
      // The API server knows it from the list's key.
      violations: ({ env }) =>
        repeated(env.map(({ name }) => name)).map((index) => [index, "name"]),
      message: "must name each variable once",
      path: ["env"],
    },
    {
      cel: "self.env.all(entry, !(has(entry.value) && has(entry.valueFrom)))",
      violations: ({ env }) =>
        env.flatMap(({ value, valueFrom }, index) =>
          value !== undefined && valueFrom !== undefined ? [[index, "valueFrom"]] : [],
        ),
      message: "must not be given beside value",
      path: ["env"],
    },
  ],
);

const statusSchema = z.strictObject({
  observedGeneration: whole(0).optional(),
  replicas: whole(0).optional().describe("Pods, running or terminating."),
  selector: z
    .string()
    .optional()
    .describe("Label selector of the pods, for the scale subresource."),
  limit: whole(0).optional().describe("Connections that a process gets now."),
  grant: whole(0)
    .optional()
    .describe("Clients that the server may hold on each PgBouncer process."),
  slots: whole(0)
    .optional()
    .describe("Backend connections that it may hold on each PgBouncer process."),
  conditions,
});

export const mcpServerSchema = withRules(
  z.strictObject({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal("McpServer"),
    metadata: metadataSchema(nameSchema(63)),
    spec: specSchema.describe("What the server is."),
    status: statusSchema.optional().describe("What was observed."),
  }),
  [
    {
      cel: `!(self.metadata.name in ${JSON.stringify(RESERVED_SERVER_NAMES)})`,
      holds: ({ metadata }) => !RESERVED_SERVER_NAMES.includes(metadata.name),
      message: `must not be one of ${RESERVED_SERVER_NAMES.join(", ")}: the name is also the server's line and login in PgBouncer`,
      path: ["metadata", "name"],
    },
  ],
).describe("One MCP server: any program with a connection pool.");

/** An McpServer with its defaults filled in. */
export type McpServer = z.output<typeof mcpServerSchema>;

export type McpServerStatus = Readonly<z.output<typeof statusSchema>>;

/** The names that a server's process hosts; ACTIVE_MCP_SERVERS. */
export function membersOf(server: McpServer): readonly string[] {
  return server.spec.members ?? [server.metadata.name];
}

/** The Secret with the password of a server's login. */
export function credentialsSecretOf(server: McpServer): string {
  return server.spec.credentialsSecretRef?.name ?? `${server.metadata.name}-db`;
}
