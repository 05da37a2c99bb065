export type Path = readonly (string | number)[];

/** One field set to a value, or left out when it is undefined. */
export interface PathChange {
  readonly path: Path;
  readonly value: unknown;
}

/** All that may become of a few fields together. */
export type Changes = readonly (readonly PathChange[])[];

/** Fields that one rule of a kind compares, with values on both sides of what it allows. */
function combine(table: readonly (readonly [Path, readonly unknown[]])[]): Changes {
  return table.reduce<Changes>(
    (found, [path, values]) =>
      found.flatMap((changes) => values.map((value) => [...changes, { path, value }])),
    [[]],
  );
}

const FEW = [0, 1, 2, 3];
const UNCOUNTED = { host: "a", statsSecretRef: { name: "a" } };
const EXISTING = { ...UNCOUNTED, processes: 1 };
/** For every rule of a ConnectionBudget. */
export const BUDGET_RULES: readonly Changes[] = [
  combine([
    [
      ["spec", "postgres", "tls", "mode"],
      ["verify-ca", "verify-full", "require"],
    ],
    [
      ["spec", "postgres", "tls", "caSecretRef"],
      [undefined, { name: "ca" }],
    ],
  ]),
  combine([
    [
      ["spec", "postgres", "user"],
      [undefined, "maintenance", "a"],
    ],
    [
      ["spec", "postgres", "database"],
      ["pgbouncer", "weir_stats", "a"],
    ],
  ]),
  combine([
    [
      ["spec", "postgres", "maxConnections"],
      [1, 2, 3, 4],
    ],
    [["spec", "postgres", "superuserReservedConnections"], FEW],
    [["spec", "postgres", "reservedConnections"], FEW],
    [["spec", "postgres", "directConnections"], FEW],
  ]),
  combine([
    [["spec", "pgbouncer", "reserve", "maintenance"], FEW],
    [["spec", "pgbouncer", "reserve", "maintenanceSlots"], FEW],
  ]),
  combine([
    [
      ["spec", "pgbouncer", "maxClientConn"],
      [9, 10, 11],
    ],
    [
      ["spec", "pgbouncer", "reserve", "consoles"],
      [1, 2, 3],
    ],
  ]),
  combine([
    [
      ["spec", "pgbouncer", "parameters"],
      [{ Bad: "1" }, { admin_users: "a" }, { query_wait_timeout: "0" }, { verbose: "1" }],
    ],
  ]),
  combine([
    [
      ["spec", "pgbouncer", "replicas"],
      [1, undefined],
    ],
    [["spec", "mode"], ["Observe"]],
    [
      ["spec", "pgbouncer", "existing"],
      [EXISTING, UNCOUNTED, undefined],
    ],
  ]),
  combine([
    [
      ["spec", "mode"],
      ["Observe", "Manage", undefined],
    ],
    [
      ["spec", "pgbouncer", "existing"],
      [EXISTING, undefined],
    ],
  ]),
];

const NAMES = ["PORT", "PGHOST", "DB_POOL_MIN", "A_B"];
/** For every rule of an McpServer. */
export const SERVER_RULES: readonly Changes[] = [
  combine([
    [
      ["metadata", "name"],
      ["pgbouncer", "maintenance", "all", "a"],
    ],
  ]),
  combine([
    [
      ["spec", "image"],
      ["a", undefined],
    ],
    [
      ["spec", "workloadRef"],
      [{ kind: "Deployment", name: "a" }, undefined],
    ],
  ]),
  combine([
    [
      ["spec", "port"],
      [9126, 9127, 9128, 9129],
    ],
    [
      ["spec", "pool", "processesPerPod"],
      [1, 2],
    ],
  ]),
  combine([
    [
      ["spec", "rollout", "maxSurge"],
      [0, "0%", 1, "1%"],
    ],
    [
      ["spec", "rollout", "maxUnavailable"],
      [0, "0%", 1, "1%"],
    ],
  ]),
  combine([
    [
      ["spec", "rollout", "maxSurge"],
      [1, 2, 3, "100%"],
    ],
    [
      ["spec", "replicas"],
      [1, 2],
    ],
    [
      ["spec", "autoscaling"],
      [{ maxReplicas: 2 }, { maxReplicas: 3 }, undefined],
    ],
  ]),
  combine([
    [
      ["spec", "autoscaling", "minReplicas"],
      [1, 2, 3],
    ],
    [
      ["spec", "autoscaling", "maxReplicas"],
      [1, 2, 3],
    ],
  ]),
  combine([
    [["spec", "pool", "minIdle"], FEW],
    [
      ["spec", "pool", "guaranteed"],
      [1, 2, 3],
    ],
    [
      ["spec", "pool", "max"],
      [1, 2, 3],
    ],
  ]),
  ...["max", "minIdle", "idleTimeoutMs", "connectionTimeoutMs"].map((key) =>
    combine([[["spec", "pool", "env", key], NAMES]]),
  ),
  combine([
    [
      ["spec", "pool", "env", "max"],
      ["A", "B"],
    ],
    [
      ["spec", "pool", "env", "idleTimeoutMs"],
      ["A", "C"],
    ],
  ]),
  combine([
    [
      ["spec", "env"],
      [
        [{ name: "A", value: "x", valueFrom: {} }],
        [{ name: "PORT", value: "x" }],
        [{ name: "DB_POOL_IDLE_TIMEOUT" }],
        [{ name: "A" }, { name: "A" }],
        [{ name: "A" }, { name: "B", valueFrom: {} }],
      ],
    ],
  ]),
];
