import type { PlannedBudget } from "../budget/planFleet.ts";
import type { ConnectionBudget } from "../api/connectionBudget.ts";
import { keyOf } from "../api/fleet.ts";
import type { McpServer } from "../api/mcpServer.ts";
import { postgresAddressOf } from "../api/postgresAddress.ts";
import { mostReplicas } from "../budget/sums.ts";
import { isFallback, literal, variable } from "./service.ts";
import { composeNames, secretPath, variablePrefixes } from "./names.ts";

/**
 * What all services of a compose file share. It takes down which files and variables they name, so
 * that the head of the file and .env.example name these and no others.
 */
export type Project = ReturnType<typeof newProject>;

/** Docker's name for the machine that it runs on. */
const DOCKER_HOST = "host-gateway";

/**
 * @param planned the budgets whose PgBouncer is made
 * @param user owner of the secrets' files: UID:GID
 * @param inside keys of the budgets whose Postgres is in the project
 */
export function newProject(
  planned: readonly PlannedBudget[],
  user: string,
  inside: ReadonlySet<string>,
) {
  const budgets = planned.map(({ budget }) => budget);
  const servers = planned.flatMap((each) => each.servers.map(({ server }) => server));
  const namespaces = new Set(budgets.map(({ metadata }) => metadata.namespace));
  const names = composeNames(namespaces);
  const serviceOf = ({ metadata }: McpServer | ConnectionBudget) =>
    names.service(metadata.namespace, metadata.name);
  const hostKeyOf = (budget: ConnectionBudget) => hostName(budget, namespaces);
  const prefix = variablePrefixes([
    ...budgets.map((budget) =>
      names.service(budget.metadata.namespace, `${budget.metadata.name}-pgbouncer`),
    ),
    ...servers.map(serviceOf),
    ...budgets.map(hostKeyOf),
  ]);
  const secrets = new Map<string, string>();
  const configs = new Map<string, string>();
  const variables = new Map<string, string>();
  const notes = new Set<string>();
  const portOwners = new Map<number, string>();

  const set = (name: string, fallback: string) => {
    variables.set(name, fallback);
    return variable(name, fallback);
  };
  const port = (server: McpServer) => {
    const { port: target } = server.spec;
    const name = `${prefix(serviceOf(server))}_PORT`;
    const owner = portOwners.get(target);
    const isShared = mostReplicas(server) > 1;
    const isFree = owner === undefined && !isShared;
    if (isFree) {
      portOwners.set(target, server.metadata.name);
    } else {
      const why = isShared ? "it may have several containers" : `${owner} has it`;
      notes.add(
        `McpServer/${server.metadata.name}: spec.port: ${target} of this machine is not taken, since ${why}: Docker chooses (docker compose port ${serviceOf(server)} ${target}), or ${name} in .env`,
      );
    }
    return {
      target,
      published: set(name, String(isFree ? target : 0)),
      host_ip: "127.0.0.1",
      protocol: "tcp",
    };
  };
  const extraHosts = (budget: ConnectionBudget) => {
    const { host } = budget.spec.postgres;
    const field = `ConnectionBudget/${budget.metadata.name}: spec.postgres.host: ${host}`;
    if (isLoopback(host)) {
      notes.add(
        `${field} is PgBouncer's own container, where no Postgres is: give it a name, such as postgres, and set its address in .env`,
      );
      return [];
    }
    if (inside.has(keyOf(budget)) || !isOfCluster(host, namespaces)) return [];
    const name = `${prefix(hostKeyOf(budget))}_ADDRESS`;
    if (!variables.has(name)) {
      notes.add(
        `${field} is a name of the cluster: here it is this machine, or the address that ${name} in .env gives`,
      );
    }
    return [`${host}=${set(name, DOCKER_HOST)}`];
  };
  const mount = mountedFrom(secrets);
  return {
    names,
    /** Of every container: UID:GID, by a variable. */
    user: set("WEIR_USER", user),
    /** A file of a Secret in a container. */
    secret: (namespace: string, name: string, key: string, target: string) =>
      mount(secretPath({ namespace, name }, key), target),
    /** A config of the folder in a container. */
    config: mountedFrom(configs),
    /** A service's image, by a variable where it can be. */
    image: (service: string, image: string) =>
      isFallback(image) ? set(`${prefix(service)}_IMAGE`, image) : literal(image),
    /** A server's port, published on this machine alone. */
    port,
    /** The network of a budget's servers and PgBouncer. */
    network: ({ metadata }: ConnectionBudget) =>
      names.service(metadata.namespace, `${metadata.name}-servers`),
    /** The network through which the ports of a budget's servers are published. */
    published: ({ metadata }: ConnectionBudget) => names.service(metadata.namespace, "published"),
    /** `HOST=ADDRESS` where the name of Postgres is one of the cluster. */
    extraHosts,
    /** By name in the project: path in the folder. */
    secrets,
    configs,
    /** What .env may set, and what holds without it. */
    variables,
    notes,
  };
}

/** Takes files down by a name of their own: their path below secrets/ or config/. */
function mountedFrom(files: Map<string, string>) {
  return (path: string, target: string) => {
    const source = path.split("/").slice(1).join(".");
    files.set(source, path);
    return { source, target };
  };
}

/** One Postgres, whatever name of it a budget uses; short where there is one namespace. */
function hostName(budget: ConnectionBudget, namespaces: ReadonlySet<string>): string {
  const name = postgresAddressOf(budget).host.replace(/\.svc\.cluster\.local$/, "");
  const own = `.${budget.metadata.namespace}`;
  return namespaces.size === 1 && name.endsWith(own) ? name.slice(0, -own.length) : name;
}

/** An address that every container, as every pod, has for itself. */
function isLoopback(host: string): boolean {
  return /^(?:localhost\.?|127(?:\.\d+){3}|::1)$/i.test(host);
}

/** A name that only a cluster's DNS knows: of a Service, alone or with its namespace. */
function isOfCluster(host: string, namespaces: ReadonlySet<string>): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  if (name.includes(":") || /^[\d.]+$/.test(name)) return false;
  const labels = name.split(".");
  return (
    labels.length === 1 ||
    (labels.length === 2 && namespaces.has(labels[1] ?? "")) ||
    /\.svc(?:\.cluster\.local)?$/.test(name)
  );
}
