import {
  sqlFileOf,
  tryoutArguments,
  TRYOUT_CONFIG_DIR,
  TRYOUT_DATA_DIR,
  TRYOUT_IMAGE,
  TRYOUT_INIT_DIR,
  tryoutFiles,
  type Tryout,
} from "../render/tryout.ts";
import { inMemory, restricted, type Service } from "./service.ts";
import type { Project } from "./project.ts";

/** Its files by name: the logins it admits, and the SQL of its first start with each budget's guard. */
export function postgresConfig(tryout: Tryout): Readonly<Record<string, string>> {
  return tryoutFiles(tryout, (index) => `\\set password \`cat ${passwordFile(index)}\``);
}

/**
 * A Postgres to try weir out with, on no disk: it forgets everything with its container. PgBouncer
 * finds it by every name that a budget has for it.
 *
 * @param config name of the folder with its files
 */
export function postgresService(tryout: Tryout, config: string, project: Project): Service {
  const { namespace, budgets, port } = tryout;
  const file = (name: string, dir: string) =>
    project.config(`config/${config}/${name}`, `${dir}/${name}`);
  const hosts = budgets.map(({ budget }) => budget.spec.postgres.host.replace(/\.$/, ""));
  return {
    image: TRYOUT_IMAGE,
    command: ["postgres", ...tryoutArguments(tryout)],
    environment: {
      // The superuser is reached from within the container alone: see pg_hba.conf.
      POSTGRES_HOST_AUTH_METHOD: "trust",
      PGDATA: `${TRYOUT_DATA_DIR}/pgdata`,
    },
    ...restricted(project.user),
    tmpfs: inMemory("/tmp", "/var/run/postgresql", TRYOUT_DATA_DIR),
    configs: [
      file("pg_hba.conf", TRYOUT_CONFIG_DIR),
      ...budgets.map((planned) => file(sqlFileOf(planned), TRYOUT_INIT_DIR)),
    ],
    secrets: budgets.map(({ budget }, index) =>
      project.secret(
        namespace,
        budget.spec.postgres.credentialsSecretRef.name,
        "password",
        passwordFile(index),
      ),
    ),
    networks: { postgres: { aliases: [...new Set(hosts)] } },
    healthcheck: {
      // Over TCP: while it runs the SQL of its first start, it listens on its socket alone.
      test: ["CMD", "pg_isready", "-h", "127.0.0.1", "-p", String(port)],
      interval: "5s",
      timeout: "5s",
      start_period: "120s",
      start_interval: "1s",
    },
    restart: "unless-stopped",
  };
}

function passwordFile(index: number): string {
  return `/run/secrets/password-${index}`;
}
