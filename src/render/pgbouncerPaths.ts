/** The user of images/pgbouncer: `peer` on the unix socket needs its passwd entry. */
export const PGBOUNCER_UID = 6432;

/** Where things lie in a PgBouncer pod. The ini names them, the StatefulSet mounts them. */
export const CONFIG_DIR = "/etc/pgbouncer";
export const COMMON_INI = `${CONFIG_DIR}/common.ini`;
export const HBA_FILE = `${CONFIG_DIR}/hba.conf`;
/** PgBouncer's userlist, from the Secret BUDGET-pgbouncer-auth. */
export const AUTH_DIR = "/etc/pgbouncer-auth";
export const AUTH_FILE = `${AUTH_DIR}/userlist.txt`;
/** Certificate and key that PgBouncer shows its clients. */
export const CLIENT_TLS_DIR = "/etc/pgbouncer-tls";
/** The CA that signed Postgres' certificate. */
export const POSTGRES_CA_DIR = "/etc/postgres-ca";
export const POSTGRES_CA_FILE = `${POSTGRES_CA_DIR}/ca.crt`;
/** Folder of the unix socket, over which alone the admin console is reached. */
export const SOCKET_DIR = "/var/run/pgbouncer";
