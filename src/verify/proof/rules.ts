/**
 * Every kind of finding, and what is missing, for people and for code scanning. A name is stable
 * once it is published.
 */
export const RULES = {
  "weir/clients-over-capacity":
    "The clients of a PgBouncer may open more connections than one process of it admits (max_client_conn), its reserve counted in.",
  "weir/pool-over-bulkhead":
    "The pools on a line may open more connections than the line admits (max_db_client_connections): their logins will be refused.",
  "weir/slots-over-postgres":
    "The server connections that all PgBouncer processes and direct clients may open are more than Postgres admits.",
  "weir/slots-over-share":
    "The server connections that all processes of a PgBouncer may open are more than its share of Postgres (weir.dev/postgres-connections).",
  "weir/shares-over-postgres":
    "The shares that several PgBouncers have of one Postgres are together more than it admits.",
  "weir/unlimited-pool":
    "A line opens as many server connections as it likes: its pool_size is 0, and no other limit bounds it.",
  "weir/no-such-database":
    "A client names a database for which its PgBouncer has no line, and there is no line *.",
  "weir/missing":
    "A figure that a sum needs is not told by the manifests; the sum is neither proved nor refuted without it.",
} as const;

export type Rule = keyof typeof RULES;
