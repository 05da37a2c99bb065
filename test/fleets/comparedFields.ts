export type Path = readonly (string | number)[];

/** One field set to a value, or left out when it is undefined. */
export interface Change {
  readonly path: Path;
  readonly value: unknown;
}

/** Fields that one rule of a kind compares, with values on both sides of what it allows. */
export type Compared = readonly (readonly [Path, readonly unknown[]])[];

/** Every choice of a value for each of them. */
export function everyChoice(compared: Compared): readonly (readonly Change[])[] {
  return compared.reduce<readonly (readonly Change[])[]>(
    (choices, [path, values]) =>
      choices.flatMap((chosen) => values.map((value) => [...chosen, { path, value }])),
    [[]],
  );
}

const FEW = [0, 1, 2, 3];
/** For every rule of a ConnectionBudget. */
export const BUDGET_RULES: readonly Compared[] = [
  [
    [
      ["spec", "postgres", "tls", "mode"],
      ["verify-ca", "verify-full", "require"],
    ],
    [
      ["spec", "postgres", "tls", "caSecretRef"],
      [undefined, { name: "ca" }],
    ],
  ],
  [
    [
      ["spec", "postgres", "user"],
      [undefined, "maintenance", "a"],
    ],
    [
      ["spec", "postgres", "database"],
      ["pgbouncer", "weir_stats", "a"],
    ],
  ],
  [
    [
      ["spec", "postgres", "maxConnections"],
      [1, 2, 3, 4],
    ],
    [["spec", "postgres", "superuserReservedConnections"], FEW],
    [["spec", "postgres", "reservedConnections"], FEW],
    [["spec", "postgres", "directConnections"], FEW],
  ],
  [
    [["spec", "pgbouncer", "reserve", "maintenance"], FEW],
    [["spec", "pgbouncer", "reserve", "maintenanceSlots"], FEW],
  ],
  [
    [
      ["spec", "pgbouncer", "maxClientConn"],
      [9, 10, 11],
    ],
    [
      ["spec", "pgbouncer", "reserve", "consoles"],
      [1, 2, 3],
    ],
  ],
  [
    [
      ["spec", "pgbouncer", "parameters"],
      [{ Bad: "1" }, { admin_users: "a" }, { query_wait_timeout: "0" }, { verbose: "1" }],
    ],
  ],
  [
    [
      ["spec", "mode"],
      ["Observe", "Manage", undefined],
    ],
    [
      ["spec", "pgbouncer", "existing"],
      [{ host: "a", statsSecretRef: { name: "a" } }, undefined],
    ],
  ],
];

const NAMES = ["PORT", "PGHOST", "DB_POOL_MIN", "A_B"];
/** For every rule of an McpServer. */
export const SERVER_RULES: readonly Compared[] = [
  [
    [
      ["metadata", "name"],
      ["pgbouncer", "maintenance", "all", "a"],
    ],
  ],
  [
    [
      ["spec", "image"],
      ["a", undefined],
    ],
    [
      ["spec", "workloadRef"],
      [{ kind: "Deployment", name: "a" }, undefined],
    ],
  ],
  [
    [
      ["spec", "port"],
      [9126, 9127, 9128, 9129],
    ],
    [
      ["spec", "pool", "processesPerPod"],
      [1, 2],
    ],
  ],
  [
    [
      ["spec", "rollout", "maxSurge"],
      [0, "0%", 1, "1%"],
    ],
    [
      ["spec", "rollout", "maxUnavailable"],
      [0, "0%", 1, "1%"],
    ],
  ],
  [
    [
      ["spec", "autoscaling", "minReplicas"],
      [1, 2, 3],
    ],
    [
      ["spec", "autoscaling", "maxReplicas"],
      [1, 2, 3],
    ],
  ],
  [
    [["spec", "pool", "minIdle"], FEW],
    [
      ["spec", "pool", "guaranteed"],
      [1, 2, 3],
    ],
    [
      ["spec", "pool", "max"],
      [1, 2, 3],
    ],
  ],
  ...["max", "minIdle", "idleTimeoutMs", "connectionTimeoutMs"].map((key): Compared => [
    [["spec", "pool", "env", key], NAMES],
  ]),
  [
    [
      ["spec", "pool", "env", "max"],
      ["A", "B"],
    ],
    [
      ["spec", "pool", "env", "idleTimeoutMs"],
      ["A", "C"],
    ],
  ],
  [
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
  ],
];
