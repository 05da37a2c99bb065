import type { ConnectionOptions } from "node:tls";
import { roleOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import { budgetNames, MAINTENANCE_LINE, STATS_LOGIN } from "../api/names.ts";
import type { KubeClient } from "../kube/client.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { PASSWORD_KEY, USERNAME_KEY } from "../credentials/logins.ts";
import { secretKeyOf } from "../credentials/secrets.ts";
import { readSecretFields } from "./secrets.ts";

/** The login that weir uses at a PgBouncer or Postgres. */
export interface Login {
  readonly user: string;
  readonly password: string;
  /** Where the password stands, for messages. */
  readonly secret: string;
  /** What to do where it is refused, for messages; absent: only the other side's owner knows. */
  readonly ifRefused?: string;
  readonly ssl: false | ConnectionOptions;
}

export type BudgetLogins = ReturnType<typeof budgetLogins>;

const CA_KEY = "ca.crt";

/**
 * The logins of one budget, each read from its Secret when it is asked for. All of them throw
 * UnavailableError where a Secret is not as it must be.
 */
export function budgetLogins(client: KubeClient, runtime: Runtime, budget: ConnectionBudget) {
  const { namespace, name } = budget.metadata;
  const { existing } = budget.spec.pgbouncer;
  const { credentialsSecretRef, tls } = budget.spec.postgres;
  const { statsSecret, maintenanceSecret } = budgetNames(name);

  const fieldsOf = (secret: string, signal: AbortSignal) =>
    readSecretFields(client, runtime, { namespace, name: secret }, signal);
  /** @param user undefined: the Secret says it */
  const read = async (
    secret: string,
    user: string | undefined,
    signal: AbortSignal,
  ): Promise<Login> => {
    const field = await fieldsOf(secret, signal);
    return {
      user: user ?? field(USERNAME_KEY),
      password: field(PASSWORD_KEY),
      secret: `Secret ${secretKeyOf({ namespace, name: secret })}`,
      ssl: false,
    };
  };
  const caOf = async (secret: string, signal: AbortSignal) =>
    (await fieldsOf(secret, signal))(CA_KEY);
  /** Pods are reached by their addresses, and certificates name the Service. */
  const toPgbouncer = async (login: Login, signal: AbortSignal): Promise<Login> => {
    const secret = budget.spec.pgbouncer.tls?.secretName;
    const own = existing === undefined ? { ...login, ifRefused: restartFor(budget) } : login;
    if (secret === undefined) return own;
    const servername = existing?.host ?? `${budgetNames(name).pgbouncer}.${namespace}.svc`;
    return { ...own, ssl: { ca: await caOf(secret, signal), servername } };
  };
  return {
    /** For the console. */
    stats: async (signal: AbortSignal) => {
      const [secret, user] =
        existing === undefined
          ? [statsSecret, STATS_LOGIN]
          : [existing.statsSecretRef.name, undefined];
      return toPgbouncer(await read(secret, user, signal), signal);
    },
    /** For Postgres behind weir's own PgBouncer, through it. */
    maintenance: async (signal: AbortSignal) =>
      toPgbouncer(await read(maintenanceSecret, MAINTENANCE_LINE, signal), signal),
    /** For Postgres itself, as the budget's role; how TLS goes is the caller's concern. */
    role: async (signal: AbortSignal): Promise<Login> => {
      const login = await read(credentialsSecretRef.name, roleOf(budget), signal);
      const caSecret = tls?.caSecretRef?.name;
      const ca = caSecret === undefined ? undefined : await caOf(caSecret, signal);
      return { ...login, ssl: sslFor(budget, ca) };
    },
  };
}

/** A PgBouncer of weir's own knows the logins as they were when it started. */
function restartFor({ metadata }: ConnectionBudget): string {
  return (
    "if its Secret is newer than the process: kubectl rollout restart " +
    `--namespace ${metadata.namespace} statefulset/${budgetNames(metadata.name).pgbouncer}`
  );
}

/** What PgBouncer's server_tls_sslmode of that name means to a client; absent is `prefer`. */
function sslFor({ spec }: ConnectionBudget, ca: string | undefined): Login["ssl"] {
  const mode = spec.postgres.tls?.mode ?? "prefer";
  if (mode === "disable" || mode === "allow") return false;
  const trusted = ca !== undefined && { ca };
  if (mode === "verify-full") return { ...trusted, servername: spec.postgres.host };
  if (mode === "verify-ca") return { ...trusted, checkServerIdentity: () => undefined };
  return { rejectUnauthorized: false };
}
