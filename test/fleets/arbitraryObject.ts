import * as fc from "fast-check";

import {
  BUDGET_RULES,
  SERVER_RULES,
  type PathChange,
  type Changes,
  type Path,
} from "./comparedFields.ts";

/**
 * Single objects, right and wrong, for those that must agree about them: a whole object in which
 * some fields are set to something that may or may not be allowed, or left out.
 */

export const NAMESPACE = "weir-objects";

const BUDGET = {
  apiVersion: "weir.dev/v1alpha1",
  kind: "ConnectionBudget",
  metadata: { name: "writing", namespace: NAMESPACE },
  spec: {
    postgres: {
      host: "writing-postgres",
      database: "writing",
      credentialsSecretRef: { name: "writing-postgres" },
    },
    pgbouncer: { maxClientConn: 200 },
  },
};

const SERVER = {
  apiVersion: "weir.dev/v1alpha1",
  kind: "McpServer",
  metadata: { name: "author", namespace: NAMESPACE },
  spec: { budgetRef: { name: "writing" }, image: "weir.local/author:0.1.0", port: 3001 },
};

const whole = fc.oneof(
  fc.constantFrom(-1, 0, 1, 2, 3, 4, 5, 6, 64, 65, 97, 98, 100, 101, 1000, 9127, 9128, 9130),
  fc.constantFrom(10_000, 10_001, 65_535, 65_536, 1_000_000, 1_000_001, 86_400_000, 2 ** 40),
);
const WORDS = [
  "",
  "a",
  "b",
  "a-b",
  "A",
  "-a",
  "a.b",
  "a_b",
  "pg",
  "10.0.0.5",
  "::1",
  "a b",
  "é",
  "line\nbreak",
  "maintenance",
  "pgbouncer",
  "weir_stats",
  "all",
  "writing",
  "transaction",
  "session",
  "Equal",
  "Adaptive",
  "Observe",
  "Manage",
  "Recreate",
  "RollingUpdate",
  "Live",
  "OnDemand",
  "verify-full",
  "prefer",
  "Always",
  "Never",
  "Deployment",
  "DaemonSet",
  "Job",
  "/mcp",
  "/a b",
  "PORT",
  "DB_POOL_MIN",
  "DB_POOL_IDLE_TIMEOUT",
  "A_B",
  "1A",
  "0%",
  "25%",
  "101%",
  "5",
  "0",
  "500m",
  "1Gi",
  "0.5",
  "1e3",
  "-1",
  "a".repeat(40),
  "a".repeat(41),
  "a".repeat(64),
  "a".repeat(254),
];
const word = fc.constantFrom(...WORDS);
const free = fc.constantFrom({}, { a: 1 }, { a: { b: ["c"] } });
const env = fc.array(
  fc.record(
    {
      name: fc.constantFrom("A", "B", "C", "PORT", "DB_POOL_MIN", "a-b"),
      value: fc.constantFrom("", "x"),
      valueFrom: free,
    },
    { requiredKeys: ["name"] },
  ),
  { maxLength: 3 },
);
const parameters = fc.dictionary(
  fc.constantFrom("log_connections", "query_wait_timeout", "pool_mode", "Bad", "max_client_conn"),
  fc.constantFrom("0", "1", "0.0", "a\nb"),
  { maxKeys: 2 },
);
const anything = fc.oneof(
  { arbitrary: whole, weight: 3 },
  { arbitrary: word, weight: 3 },
  fc.constantFrom<unknown>(1.5, true, [], {}, ["a"], ["a", "a"], [{}], [{ name: "a" }]),
);

/** Fields that may be set, with what may suit them. */
function fields(table: readonly (readonly [Path, fc.Arbitrary<unknown>])[]) {
  return table.map(([path, suitable]) =>
    fc.record({
      path: fc.constant(path),
      value: fc.oneof(
        { arbitrary: suitable, weight: 8 },
        { arbitrary: anything, weight: 1 },
        { arbitrary: fc.constant(undefined), weight: 1 },
      ),
    }),
  );
}

const SCHEDULING = [
  [["nodeSelector"], fc.dictionary(fc.constantFrom("a", "b.c/d"), word, { maxKeys: 2 })],
  [["tolerations"], fc.array(free, { maxLength: 2 })],
  [["affinity"], free],
  [["topologySpreadConstraints"], fc.array(free, { maxLength: 2 })],
  [["priorityClassName"], word],
  [["imagePullSecrets"], fc.array(fc.record({ name: word }), { maxLength: 2 })],
  [["imagePullPolicy"], word],
  [["resources"], fc.record({ limits: fc.record({ cpu: fc.oneof(word, whole) }) })],
] as const;

function within(parent: Path, table: readonly (readonly [Path, fc.Arbitrary<unknown>])[]) {
  return table.map(([path, arbitrary]) => [[...parent, ...path], arbitrary] as const);
}

const POSTGRES = ["spec", "postgres"];
const PGBOUNCER = ["spec", "pgbouncer"];
const BUDGET_FIELDS = fields([
  [["spec", "policy"], word],
  [["spec", "mode"], fc.constantFrom("Observe", "Manage")],
  [["spec", "unknown"], word],
  [["metadata", "name"], fc.constantFrom("writing", "a".repeat(40), "a".repeat(41), "1a", "A")],
  ...within(POSTGRES, [
    [["host"], word],
    [["port"], whole],
    [["database"], word],
    [["user"], word],
    [["credentialsSecretRef", "name"], word],
    [["maxConnections"], whole],
    [["superuserReservedConnections"], whole],
    [["reservedConnections"], whole],
    [["directConnections"], whole],
    [["shareConnections"], whole],
    [["tls", "mode"], word],
    [["tls", "caSecretRef"], fc.record({ name: word })],
  ]),
  ...within(PGBOUNCER, [
    [["replicas"], whole],
    [["image"], word],
    [["maxClientConn"], whole],
    [["poolMode"], word],
    [["reserve", "consoles"], whole],
    [["reserve", "maintenance"], whole],
    [["reserve", "maintenanceSlots"], whole],
    [["reserve", "logins"], whole],
    [["tls"], fc.record({ secretName: word })],
    [
      ["existing"],
      fc.record(
        { host: word, processes: whole, statsSecretRef: fc.record({ name: word }) },
        { requiredKeys: ["host", "statsSecretRef"] },
      ),
    ],
    [["parameters"], parameters],
    [["terminationGracePeriodSeconds"], whole],
    ...SCHEDULING,
  ]),
]);

const SERVER_FIELDS = fields([
  [["metadata", "name"], fc.constantFrom("author", "maintenance", "all", "a".repeat(64), "1a")],
  ...within(
    ["spec"],
    [
      [["unknown"], word],
      [["budgetRef", "name"], word],
      [["workloadRef"], fc.record({ kind: word, name: word })],
      [["image"], word],
      [["command"], fc.array(word, { maxLength: 2 })],
      [["args"], fc.array(word, { maxLength: 2 })],
      [["port"], whole],
      [["path"], word],
      [["replicas"], whole],
      [["autoscaling", "minReplicas"], whole],
      [["autoscaling", "maxReplicas"], whole],
      [["autoscaling", "metrics"], fc.array(free, { maxLength: 2 })],
      [["rollout", "type"], word],
      [["rollout", "maxSurge"], fc.oneof(whole, word)],
      [["rollout", "maxUnavailable"], fc.oneof(whole, word)],
      [["pool", "guaranteed"], whole],
      [["pool", "max"], whole],
      [["pool", "minIdle"], whole],
      [["pool", "idleTimeoutMs"], whole],
      [["pool", "connectionTimeoutMs"], whole],
      [["pool", "processesPerPod"], whole],
      [["pool", "resize"], word],
      [["pool", "env", "max"], word],
      [["pool", "env", "minIdle"], word],
      [["weight"], whole],
      [["priority"], whole],
      [["activation"], word],
      [["members"], fc.array(fc.constantFrom("a", "b", "A"), { maxLength: 3 })],
      [["credentialsSecretRef"], fc.record({ name: word })],
      [["env"], env],
      [["envFrom"], fc.array(free, { maxLength: 2 })],
      [["readinessProbe"], free],
      [["terminationGracePeriodSeconds"], whole],
      ...SCHEDULING,
    ],
  ),
]);

/** A ConnectionBudget, and up to four fields that were changed, or those that one rule compares. */
export const arbitraryBudget = changed(BUDGET, BUDGET_FIELDS, BUDGET_RULES);

/** An McpServer, and up to four fields that were changed, or those that one rule compares. */
export const arbitraryServer = changed(SERVER, SERVER_FIELDS, SERVER_RULES);

/** ConnectionBudgets, right and wrong: for each rule, all that it tells from each other. */
export const comparedBudgets = BUDGET_RULES.flat().map((changes) => withChanges(BUDGET, changes));

/** McpServers, right and wrong: for each rule, all that it tells from each other. */
export const comparedServers = SERVER_RULES.flat().map((changes) => withChanges(SERVER, changes));

function changed(
  base: object,
  changes: readonly fc.Arbitrary<PathChange>[],
  rules: readonly Changes[],
): fc.Arbitrary<unknown> {
  return fc
    .oneof(
      { arbitrary: fc.array(fc.oneof(...changes), { maxLength: 4 }), weight: 2 },
      { arbitrary: fc.oneof(...rules.map((all) => fc.constantFrom(...all))), weight: 1 },
    )
    .map((each: readonly PathChange[]) => withChanges(base, each));
}

function withChanges(base: object, changes: readonly PathChange[]): unknown {
  return changes.reduce<unknown>((object, { path, value }) => withField(object, path, value), base);
}

/** The value with one field in it set, or left out when `content` is undefined. */
function withField(value: unknown, path: Path, content: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return content;
  // What has no fields was put there by a change before, and stays.
  if (value !== undefined && (typeof value !== "object" || Array.isArray(value))) return value;
  const { [name]: own, ...others }: Record<string | number, unknown> = { ...value };
  const below = withField(own, rest, content);
  return below === undefined ? others : { ...others, [name]: below };
}
