import { PGBOUNCER_CA_DIR } from "../render/environment.ts";
import type { PlannedBudget, PlannedServer } from "../budget/planFleet.ts";
import { credentialsSecretOf, type McpServer } from "../api/mcpServer.ts";
import {
  PODS_ANNOTATION,
  POOL_LIMIT_ANNOTATION,
  PROCESSES_PER_POD_ANNOTATION,
} from "../api/names.ts";
import { assertWritten } from "../budget/assertSums.ts";
import { mostReplicas } from "../budget/sums.ts";
import { counted } from "../text/wording.ts";
import {
  environmentOf,
  inMemory,
  literal,
  pullPolicy,
  resourceLimits,
  resourceNotes,
  restricted,
  schedulingNotes,
  type Service,
} from "./service.ts";
import { PGPASS_KEY } from "./secretFiles.ts";
import { processesOf } from "../render/pgbouncerFiles.ts";
import type { Project } from "./project.ts";
import { expanded, serverEnvironment } from "./serverEnvironment.ts";

const PROBES = ["livenessProbe", "readinessProbe", "startupProbe"] as const;

/** One sentence on the probes of all servers that compose can't run; none when it can. */
export function probeNotes(services: readonly ReturnType<typeof serverService>[]): string[] {
  const without = services.filter(({ probesLeftOut }) => probesLeftOut.length > 0);
  const all = without.flatMap(({ probesLeftOut }) => probesLeftOut);
  if (all.length === 0) return [];
  const fields = PROBES.filter((field) => all.includes(field)).map((field) => `spec.${field}`);
  return [
    `${counted(without.length, "McpServer")}: ${fields.join(", ")}: ${counted(all.length, "probe")} left out: compose runs commands only (exec)`,
  ];
}

/**
 * One MCP server as a service: with the numbers of the plan, and as restricted as its pod.
 *
 * @throws SumError when its containers, as they are written, could believe in more than its grant
 */
export function serverService(
  each: PlannedServer,
  planned: PlannedBudget,
  image: string,
  project: Project,
) {
  const { server } = each;
  const { spec } = server;
  const { namespace, name } = server.metadata;
  const { values, variables, notes } = serverEnvironment(each, planned);
  notes.push(...leftOut(server, project.names.service(namespace, name)));
  // A word of the command line with its references replaced; as it is where they can't be.
  const words = (field: "command" | "args") =>
    spec[field]?.map((word) => {
      const found = expanded(word, variables);
      if (found.ok) return literal(found.text);
      notes.push(
        `McpServer/${name}: spec.${field}: $(${found.name}) is not replaced: its value is in no file here`,
      );
      return literal(word);
    });
  const entrypoint = words("command");
  const command = words("args");
  const { tls } = planned.budget.spec.pgbouncer;
  const limits = resourceLimits(spec.resources);
  const exec = execProbe(spec);
  const environment = environmentOf(values);
  const labels = planLabels(server, each.plan.limit);
  const replicas = replicasOf(server);
  assertWritten(server, each.plan, {
    replicas: Math.max(replicas, Number(labels[PODS_ANNOTATION] ?? 0)),
    // Compose stops the old containers first. They are counted as in a cluster.
    rollout: spec.rollout.type,
    limits: [environment[spec.pool.env.max]],
  });
  return {
    service: {
      image: project.image(project.names.service(namespace, name), image),
      ...pullPolicy(spec.imagePullPolicy),
      ...(entrypoint && { entrypoint }),
      ...(command && { command }),
      environment,
      labels,
      ...restricted(project.user),
      tmpfs: inMemory("/tmp"),
      secrets: [
        project.secret(namespace, credentialsSecretOf(server), PGPASS_KEY, PGPASS_KEY),
        ...(tls === undefined
          ? []
          : [project.secret(namespace, tls.secretName, "ca.crt", `${PGBOUNCER_CA_DIR}/ca.crt`)]),
      ],
      networks: {
        [project.network(planned.budget)]: { aliases: [`${name}.${namespace}.svc`] },
        [project.published(planned.budget)]: {},
      },
      ports: [project.port(server)],
      depends_on: Object.fromEntries(
        processesOf(planned.budget).map((bouncer) => [
          project.names.service(namespace, bouncer.name),
          { condition: "service_healthy" },
        ]),
      ),
      ...(exec && { healthcheck: exec }),
      stop_grace_period: `${spec.terminationGracePeriodSeconds}s`,
      deploy: {
        replicas,
        ...(limits !== undefined && { resources: limits }),
      },
      restart: "unless-stopped",
    },
    /** What of its spec compose can't do: one sentence each. */
    notes,
    /** Its probes that compose can't run: almost every server has some, so one note names them all. */
    probesLeftOut: PROBES.filter(
      (field) => spec[field] !== undefined && spec[field]["exec"] === undefined,
    ),
  };
}

/** What the charts start with: a server that sleeps until it is needed has none. */
function replicasOf({ spec }: McpServer): number {
  if (spec.activation === "OnDemand") return 0;
  return spec.autoscaling?.minReplicas ?? spec.replicas;
}

/**
 * What of the plan the service's own fields don't say: more containers may run than are started,
 * each with several processes; and that its pool is weir's, however many servers share it. weir verify
 * and weir diagnose read it, and would else accuse who keeps the plan.
 */
function planLabels(server: McpServer, limit: number): Readonly<Record<string, string>> {
  const most = mostReplicas(server);
  const { processesPerPod } = server.spec.pool;
  return {
    [POOL_LIMIT_ANNOTATION]: String(limit),
    ...(most !== replicasOf(server) && { [PODS_ANNOTATION]: String(most) }),
    ...(processesPerPod > 1 && { [PROCESSES_PER_POD_ANNOTATION]: String(processesPerPod) }),
  };
}

/** A command that a probe runs in the container is the one probe that compose knows too. */
function execProbe({ readinessProbe, livenessProbe }: McpServer["spec"]): Service | undefined {
  for (const probe of [readinessProbe, livenessProbe]) {
    const exec = probe?.["exec"];
    if (typeof exec !== "object" || exec === null || !("command" in exec)) continue;
    const { command } = exec;
    if (!Array.isArray(command)) continue;
    return {
      test: ["CMD", ...command.map((word: unknown) => literal(String(word)))],
      interval: `${secondsOf(probe?.["periodSeconds"], 10)}s`,
      timeout: `${secondsOf(probe?.["timeoutSeconds"], 1)}s`,
      retries: secondsOf(probe?.["failureThreshold"], 3),
      start_period: `${secondsOf(probe?.["initialDelaySeconds"], 0)}s`,
    };
  }
  return undefined;
}

function secondsOf(value: unknown, fallback: number): number {
  return typeof value === "number" ? value : fallback;
}

function leftOut(server: McpServer, service: string): string[] {
  const { spec } = server;
  const object = `McpServer/${server.metadata.name}`;
  const most = mostReplicas(server);
  const scale = `docker compose up --scale ${service}=N`;
  return [
    ...(spec.autoscaling === undefined
      ? []
      : [
          `${object}: spec.autoscaling: compose does not scale by itself: it starts ${replicasOf(server)}, and the sum holds for up to ${most} (${scale})`,
        ]),
    ...(spec.activation === "OnDemand"
      ? [`${object}: spec.activation: nobody wakes it: it starts 0 (${scale})`]
      : []),
    ...(spec.pool.resize === "Live"
      ? [`${object}: spec.pool.resize: a container keeps the limit that it started with`]
      : []),
    ...resourceNotes(object, "spec.resources", spec.resources),
    ...schedulingNotes(object, "spec", spec),
  ];
}
