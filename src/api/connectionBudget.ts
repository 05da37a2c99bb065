import { z } from "zod";
import {
  conditions,
  hostSchema,
  imageSchema,
  metadataSchema,
  nameSchema,
  objectNameSchema,
  portSchema,
  recordOf,
  resources,
  scheduling,
  secretRef,
  textLike,
  whole,
} from "./kubernetes.ts";
import { API_VERSION, PGBOUNCER_PORT, POSTGRES_PORT, RESERVED_ROLES } from "./names.ts";
import { withRules } from "./rules.ts";

/** PgBouncer that weir was measured with; built from images/pgbouncer. */
export const PGBOUNCER_IMAGE = "weir.local/pgbouncer:1.26.1";

/** The largest count that any limit may have: far beyond one PgBouncer process, and an int32. */
export const MOST_CONNECTIONS = 1_000_000;

/** The default reserve of a PgBouncer: the connections that no server gets. */
export const DEFAULT_RESERVE = {
  consoles: 2,
  maintenance: 4,
  maintenanceSlots: 2,
  logins: 4,
} as const;

/** ini keys that weir computes or depends on; `parameters` may not set them. */
export const COMPUTED_PARAMETERS: readonly string[] = [
  "admin_users",
  "auth_dbname",
  "auth_file",
  "auth_hba_file",
  "auth_ident_file",
  "auth_query",
  "auth_type",
  "auth_user",
  "autodb_idle_timeout",
  "client_login_timeout",
  "client_tls_ca_file",
  "client_tls_cert_file",
  "client_tls_key_file",
  "client_tls_sslmode",
  "conffile",
  "default_pool_size",
  "listen_addr",
  "listen_port",
  "logfile",
  "max_client_conn",
  "max_db_client_connections",
  "max_db_connections",
  "max_user_client_connections",
  "max_user_connections",
  "min_pool_size",
  "peer_id",
  "pidfile",
  "pool_mode",
  "reserve_pool_size",
  "server_tls_ca_file",
  "server_tls_cert_file",
  "server_tls_key_file",
  "server_tls_sslmode",
  "service_name",
  "so_reuseport",
  "stats_users",
  "tcp_keepalive",
  "tcp_keepcnt",
  "tcp_keepidle",
  "tcp_keepintvl",
  "unix_socket_dir",
  "unix_socket_group",
  "unix_socket_mode",
  "user",
];

const count = whole(0, MOST_CONNECTIONS);

/** Postgres cuts longer names of databases and roles. */
const roleName = textLike(/^[^\r\n\0]+$/, "text on one line").max(63);

const postgresSchema = withRules(
  z.strictObject({
    host: hostSchema.describe(
      "Host name or IP address of Postgres, as seen from the budget's namespace.",
    ),
    port: portSchema.default(POSTGRES_PORT).describe("Port of Postgres."),
    database: roleName.describe("Database in Postgres."),
    user: roleName
      .optional()
      .describe("The one role that all lines use in Postgres. Default: the database's name."),
    credentialsSecretRef: secretRef.describe(
      "Secret with the role's password (key password; username, if there, must equal user).",
    ),
    maxConnections: count.min(1).default(100).describe("max_connections that Postgres is set to."),
    superuserReservedConnections: count
      .default(3)
      .describe("superuser_reserved_connections of Postgres."),
    reservedConnections: count.default(0).describe("reserved_connections of Postgres."),
    directConnections: count
      .default(0)
      .describe("Connections of those that bypass this PgBouncer."),
    shareConnections: count
      .min(1)
      .optional()
      .describe(
        "What this budget may use of Postgres. Required when several budgets share one Postgres.",
      ),
    tls: withRules(
      z.strictObject({
        mode: z
          .enum(["disable", "allow", "prefer", "require", "verify-ca", "verify-full"])
          .describe("server_tls_sslmode of PgBouncer."),
        caSecretRef: secretRef
          .optional()
          .describe("Secret with the CA that signed Postgres' certificate (key ca.crt)."),
      }),
      [
        {
          cel: "!self.mode.startsWith('verify-') || has(self.caSecretRef)",
          holds: (tls) => !tls.mode.startsWith("verify-") || tls.caSecretRef !== undefined,
          message: "must be given when mode is verify-ca or verify-full",
          path: ["caSecretRef"],
        },
      ],
    )
      .optional()
      .describe("TLS from PgBouncer to Postgres."),
  }),
  [
    {
      cel: `!((has(self.user) ? self.user : self.database) in ${JSON.stringify(RESERVED_ROLES)})`,
      holds: (postgres) => !RESERVED_ROLES.includes(postgres.user ?? postgres.database),
      message: `must not be one of ${RESERVED_ROLES.join(", ")}: PgBouncer knows a login by that name`,
      path: ["user"],
    },
    {
      cel: "self.superuserReservedConnections + self.reservedConnections + self.directConnections < self.maxConnections",
      holds: (postgres) => availableConnections(postgres) > 0,
      message:
        "must be more than superuserReservedConnections + reservedConnections + directConnections: nothing is left for this budget",
      path: ["maxConnections"],
    },
  ],
);

/** The fields of a budget's `spec.postgres` that say what Postgres admits. */
export const POSTGRES_COUNTS = [
  "maxConnections",
  "superuserReservedConnections",
  "reservedConnections",
  "directConnections",
] as const;

/** What Postgres admits for those that come through PgBouncer: a count of connections. */
export function availableConnections(
  postgres: Readonly<Record<(typeof POSTGRES_COUNTS)[number], number>>,
): number {
  return (
    postgres.maxConnections -
    postgres.superuserReservedConnections -
    postgres.reservedConnections -
    postgres.directConnections
  );
}

const pgbouncerSchema = withRules(
  z.strictObject({
    replicas: whole(1, 100)
      .default(2)
      .describe(
        "PgBouncer processes that weir runs. Means nothing with existing, which has processes.",
      ),
    image: imageSchema.default(PGBOUNCER_IMAGE).describe("Image with PgBouncer 1.24 or newer."),
    maxClientConn: count.min(1).describe("max_client_conn of each PgBouncer process."),
    poolMode: z
      .enum(["transaction", "session", "statement"])
      .default("transaction")
      .describe("pool_mode."),
    reserve: withRules(
      z.strictObject({
        consoles: count
          .default(DEFAULT_RESERVE.consoles)
          .describe("Clients kept for the console: agent and people."),
        maintenance: count
          .min(1)
          .default(DEFAULT_RESERVE.maintenance)
          .describe("Clients of the maintenance line."),
        maintenanceSlots: count
          .min(1)
          .default(DEFAULT_RESERVE.maintenanceSlots)
          .describe("Backend connections of the maintenance line."),
        logins: count
          .default(DEFAULT_RESERVE.logins)
          .describe("Sockets still logging in, and cancel requests."),
      }),
      [
        {
          cel: "self.maintenanceSlots <= self.maintenance",
          holds: (reserve) => reserve.maintenanceSlots <= reserve.maintenance,
          message: "must be at most reserve.maintenance: a slot without a client is never used",
          path: ["maintenanceSlots"],
        },
      ],
    )
      .prefault({})
      .describe("What no server gets."),
    tls: z
      .strictObject({
        secretName: objectNameSchema.describe("Secret with tls.crt, tls.key and ca.crt."),
      })
      .optional()
      .describe("TLS from servers to PgBouncer."),
    existing: withRules(
      z.strictObject({
        host: hostSchema.describe("Host name of the PgBouncer that is there."),
        port: portSchema.default(PGBOUNCER_PORT).describe("Its port."),
        processes: count
          .min(1)
          .optional()
          .describe(
            "How many PgBouncer processes there are behind host: all of them, each process of a pod with several counted. Must be given.",
          ),
        statsSecretRef: secretRef.describe(
          "Secret with username and password of a login in its stats_users.",
        ),
      }),
      [
        {
          // As a rule, since of a required field the API server says that it is required, and no more.
          cel: "has(self.processes)",
          holds: ({ processes }) => processes !== undefined,
          message:
            "must say how many PgBouncer processes there are behind host (1 if it is one): nobody can count them behind one address",
          path: ["processes"],
        },
      ],
    )
      .optional()
      .describe("A PgBouncer that weir did not make; only with mode Observe."),
    parameters: recordOf(textLike(/^[^\r\n]*$/, "text on one line").max(1024), 100)
      .default({})
      .describe(
        `Further ini keys of [pgbouncer]; not those that weir computes: ${COMPUTED_PARAMETERS.join(", ")}.`,
      ),
    resources: resources.optional(),
    terminationGracePeriodSeconds: whole(10, 3600)
      .default(120)
      .describe("How long a PgBouncer that stops waits for its clients to leave, in seconds."),
    ...scheduling,
  }),
  [
    {
      cel: "self.reserve.consoles + self.reserve.maintenance + self.reserve.logins < self.maxClientConn",
      holds: ({ reserve, maxClientConn }) =>
        reserve.consoles + reserve.maintenance + reserve.logins < maxClientConn,
      message:
        "must be more than the reserve (consoles + maintenance + logins): nothing is left for servers",
      path: ["maxClientConn"],
    },
    {
      cel: "self.parameters.all(key, key.matches('^[a-z][a-z0-9_]*$'))",
      violations: ({ parameters }) => keysThat(parameters, (key) => !/^[a-z][a-z0-9_]*$/.test(key)),
      message: "must have names of ini keys: lower case letters, digits and _",
      path: ["parameters"],
    },
    {
      cel: `self.parameters.all(key, !(key in ${JSON.stringify(COMPUTED_PARAMETERS)}))`,
      violations: ({ parameters }) =>
        keysThat(parameters, (key) => COMPUTED_PARAMETERS.includes(key)),
      message: "must not set what weir computes (the description of parameters lists it)",
      path: ["parameters"],
    },
    {
      cel: "!('query_wait_timeout' in self.parameters) || self.parameters['query_wait_timeout'].matches('^[1-9][0-9]{0,4}$')",
      violations: ({ parameters }) =>
        /^[1-9][0-9]{0,4}$/.test(parameters["query_wait_timeout"] ?? "1")
          ? []
          : [["query_wait_timeout"]],
      message:
        "must set query_wait_timeout to whole seconds from 1 to 99999: with 0 a client would wait for ever",
      path: ["parameters"],
    },
  ],
);

function keysThat(
  parameters: Readonly<Record<string, string>>,
  test: (key: string) => boolean,
): string[][] {
  return Object.keys(parameters)
    .filter(test)
    .map((key) => [key]);
}

const specSchema = withRules(
  z.strictObject({
    policy: z
      .enum(["Equal", "Weighted", "Adaptive"])
      .default("Equal")
      .describe(
        "How budget is divided. Adaptive is planned as Weighted and moved live by the operator.",
      ),
    mode: z
      .enum(["Observe", "Manage"])
      .default("Manage")
      .describe("Whether the operator reports only, or enforces."),
    postgres: postgresSchema.describe(
      "The Postgres behind this PgBouncer, and what this budget may use of it.",
    ),
    pgbouncer: pgbouncerSchema.describe("The PgBouncer tier."),
  }),
  [
    {
      cel: "!has(self.pgbouncer.existing) || self.mode == 'Observe'",
      holds: (spec) => spec.pgbouncer.existing === undefined || spec.mode === "Observe",
      message:
        "is only allowed with mode Observe: weir does not manage a PgBouncer that it did not make",
      path: ["pgbouncer", "existing"],
    },
  ],
);

/** One vector of limits: what every line may hold. The operator writes it, agents follow it. */
const targetsSchema = z.strictObject({
  epoch: whole(0),
  capacity: count,
  consoles: count,
  logins: count,
  processes: whole(0),
  slotsPerProcess: count,
  /** 500 servers and maintenance. */
  lines: recordOf(z.strictObject({ clients: count, slots: count }), 501),
});

const statusSchema = z.strictObject({
  observedGeneration: whole(0).optional(),
  replicas: whole(0).optional().describe("PgBouncer pods."),
  selector: z
    .string()
    .optional()
    .describe("Label selector of the PgBouncer pods, for the scale subresource."),
  targets: targetsSchema.optional(),
  conditions,
});

/** 40: the StatefulSet is NAME-pgbouncer, and its pods carry a label with 11 characters more. */
const BUDGET_NAME_LENGTH_MAX = 40;

export const connectionBudgetSchema = z
  .strictObject({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal("ConnectionBudget"),
    metadata: metadataSchema(nameSchema(BUDGET_NAME_LENGTH_MAX)),
    spec: specSchema.describe("What the budget is."),
    status: statusSchema.optional().describe("What was observed."),
  })
  .describe("One PgBouncer tier and its share of the Postgres behind it.");

/** A ConnectionBudget with its defaults filled in. */
export type ConnectionBudget = z.output<typeof connectionBudgetSchema>;

export type ConnectionBudgetStatus = Readonly<z.output<typeof statusSchema>>;

/** K: how many PgBouncer processes a budget has. */
export function processCountOf({ spec }: Pick<ConnectionBudget, "spec">): number {
  const { existing, replicas } = spec.pgbouncer;
  // An existing one without a number is refused by the CRD and by weir.
  return existing?.processes ?? replicas;
}

/** The field that says it, for messages. */
export function processesFieldOf({ spec }: Pick<ConnectionBudget, "spec">): string {
  return `spec.pgbouncer.${spec.pgbouncer.existing === undefined ? "replicas" : "existing.processes"}`;
}

/** The role that all lines of a budget use in Postgres. */
export function roleOf(budget: ConnectionBudget): string {
  return budget.spec.postgres.user ?? budget.spec.postgres.database;
}
