import {
  AUTH_FILE,
  CLIENT_TLS_DIR,
  clientHost,
  CONFIG_DIR,
  POSTGRES_CA_FILE,
  processesOf,
  SOCKET_DIR,
} from "../render/pgbouncerFiles.ts";
import type { PlannedBudget } from "../budget/planFleet.ts";
import { assertWrittenProcesses } from "../budget/assertSums.ts";
import { processCountOf } from "../api/connectionBudget.ts";
import { budgetNames, PGBOUNCER_PORT } from "../api/names.ts";
import { nofileLimit } from "../pgbouncer/nofile.ts";
import { inMemory, pullPolicy, resourceLimits, restricted, type Service } from "./service.ts";
import type { Project } from "./project.ts";

/** A port in /proc/net/tcp, and the state LISTEN there. */
const PORT_HEX = PGBOUNCER_PORT.toString(16).toUpperCase().padStart(4, "0");
const LISTEN = "0A";

/**
 * Whether it listens, read from the kernel with nothing but a shell: a probe that connects would
 * take a client's place.
 */
const IS_LISTENING = `while read -r _ local _ state _; do case "$local $state" in *:${PORT_HEX}" ${LISTEN}") exit 0;; esac; done < "$file"`;
const HEALTH = `for file in /proc/net/tcp /proc/net/tcp6; do ${IS_LISTENING}; done; exit 1`;

/**
 * The processes of a budget's PgBouncer, one service each: each has a peer id and an ini of its
 * own. Servers reach them by one network alias that all of them have, which Docker's DNS resolves
 * to any of them: every process carries every server's full grant, so it does not matter which.
 *
 * @param config name of the folder with the ini files
 * @throws SumError when they are not as many as are planned
 */
export function pgbouncerServices(
  { budget, plan }: PlannedBudget,
  config: string,
  project: Project,
): readonly (readonly [string, Service])[] {
  const { pgbouncer, postgres } = budget.spec;
  const { namespace, name } = budget.metadata;
  const names = budgetNames(name);
  const files = nofileLimit(budget, plan.slots);
  const inPod = (file: string) =>
    project.config(`config/${config}/${file}`, `${CONFIG_DIR}/${file}`);
  const { tls } = pgbouncer;
  const ca = postgres.tls?.caSecretRef?.name;
  const limits = resourceLimits(pgbouncer.resources);
  const hosts = project.extraHosts(budget);
  const processes = processesOf(budget);
  assertWrittenProcesses(budget, plan, processes.length);
  return processes.map((bouncer) => [
    project.names.service(namespace, bouncer.name),
    {
      image: project.image(project.names.service(namespace, names.pgbouncer), pgbouncer.image),
      ...pullPolicy(pgbouncer.imagePullPolicy),
      entrypoint: ["pgbouncer"],
      command: [`${CONFIG_DIR}/${bouncer.iniName}`],
      ...restricted(project.user),
      tmpfs: inMemory("/tmp", SOCKET_DIR),
      // PgBouncer only logs when it has too few, and fails later in accept().
      ulimits: { nofile: { soft: files, hard: files } },
      configs: ["common.ini", "hba.conf", bouncer.iniName].map(inPod),
      secrets: [
        project.secret(namespace, names.authSecret, "userlist.txt", AUTH_FILE),
        ...(tls === undefined
          ? []
          : ["tls.crt", "tls.key"].map((key) =>
              project.secret(namespace, tls.secretName, key, `${CLIENT_TLS_DIR}/${key}`),
            )),
        ...(ca === undefined ? [] : [project.secret(namespace, ca, "ca.crt", POSTGRES_CA_FILE)]),
      ],
      networks: {
        [project.network(budget)]: { aliases: [clientHost(budget), bouncer.peerHost] },
        postgres: {},
      },
      ...(hosts.length > 0 && { extra_hosts: hosts }),
      healthcheck: {
        test: ["CMD", "/bin/sh", "-c", HEALTH.replaceAll("$", "$$$$")],
        interval: "5s",
        timeout: "5s",
        retries: 6,
        start_period: "60s",
        start_interval: "1s",
      },
      // Alone it is a gap for everybody: it goes as soon as the open transactions are done. With
      // others beside it, it waits until its clients leave by themselves.
      stop_signal: processCountOf(budget) > 1 ? "SIGTERM" : "SIGINT",
      stop_grace_period: `${pgbouncer.terminationGracePeriodSeconds}s`,
      ...(limits !== undefined && { deploy: { resources: limits } }),
      restart: "unless-stopped",
    },
  ]);
}
