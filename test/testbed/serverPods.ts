import type { KubeClient } from "../../src/kube/client.ts";
import type { NodePod, PodProgram } from "../cluster/fakeNode.ts";
import type { PodObject } from "../cluster/podObject.ts";
import { podEnvironment } from "./podEnvironment.ts";
import type { ConnectionLoad, PodReport } from "./podOrders.ts";
import { startPodProcess } from "./podProcess.ts";

/** What the pods of a server are like; those to come, too. */
interface Behaviour {
  /** `max`: what the pool's variable in the pod's own environment says. */
  readonly open: number | "max";
  /** Of them: how many run one short transaction after another; 0 when absent. */
  readonly busy?: number | "all";
}

/** A pod that runs a server's program. */
export interface ServerPod {
  /** `namespace/name`. */
  readonly key: string;
  /** The McpServer that it is: ACTIVE_MCP_SERVERS. */
  readonly server: string;
  readonly address: string;
  readonly port: number;
}

/** The programs of server pods. */
export interface ServerPods {
  /** For a fake node. */
  readonly run: (pod: NodePod) => Promise<PodProgram>;
  /** Those that run now, those that still terminate among them, by key; of one server or of all. */
  readonly pods: (server?: string) => readonly ServerPod[];
  /** Gives a server's pods a behaviour, and returns when every connection was tried once. */
  readonly behave: (server: string, behaviour: Behaviour) => Promise<readonly PodReport[]>;
  /** The same for one pod alone, until its server is told again. */
  readonly load: (key: string, load: ConnectionLoad) => Promise<PodReport>;
  readonly report: (key: string) => Promise<PodReport>;
  /** Pods of a server that are told to go stay in terminating until the returned call. */
  readonly holdTerminating: (server: string) => () => void;
  readonly kill: () => Promise<void>;
}

/** Where the connections of a pod go. */
type TargetsFor = (
  host: string,
  port: number,
) => readonly { readonly host: string; readonly port: number }[];

interface StartedServerPod extends ServerPod {
  readonly poolMax: number;
}

/** The variable that says how large a pool may be, unless the McpServer names another. */
const POOL_MAX = "DB_POOL_MAX_PER_SERVER";

/** Starts the process that runs them. Pods that nobody told anything hold no connection. */
export async function startServerPods(
  client: KubeClient,
  targetsFor: TargetsFor,
): Promise<ServerPods> {
  const programs = await startPodProcess();
  const running = new Map<string, StartedServerPod>();
  const behaviours = new Map<string, Behaviour>();
  const held = new Map<string, Promise<void>>();

  const run = async ({ key, address, object }: NodePod): Promise<PodProgram> => {
    const env = await podEnvironment(object, client);
    const pod = runningPod(object, key, address, env);
    const user = env.get("PGUSER") ?? "";
    await programs.tell({
      does: "start",
      program: {
        pod: key,
        address,
        port: pod.port,
        path: env.get("MCP_PATH") ?? "/mcp",
        serverName: pod.server,
        targets: targetsFor(env.get("PGHOST") ?? "", Number(env.get("PGPORT"))),
        login: {
          user,
          password: env.get("PGPASSWORD") ?? "",
          database: env.get("PGDATABASE") ?? user,
        },
      },
    });
    running.set(key, pod);
    await behaveOne(pod);
    return {
      stop: async () => {
        await held.get(pod.server);
        running.delete(key);
        await programs.tell({ does: "stop", pod: key });
      },
    };
  };
  const behaveOne = (pod: StartedServerPod) => {
    const { open, busy = 0 } = behaviours.get(pod.server) ?? { open: 0 };
    const count = open === "max" ? pod.poolMax : open;
    return load(pod.key, { open: count, busy: busy === "all" ? count : busy });
  };
  const load = (key: string, wanted: ConnectionLoad) =>
    programs.tell({ does: "load", pod: key, load: wanted });
  const of = (server?: string) =>
    [...running.values()]
      .filter((pod) => server === undefined || pod.server === server)
      .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return {
    run,
    pods: of,
    behave: (server, behaviour) => {
      behaviours.set(server, behaviour);
      return Promise.all(of(server).map(behaveOne));
    },
    load,
    report: (key) => programs.tell({ does: "report", pod: key }),
    holdTerminating: (server) => {
      const gate = Promise.withResolvers<void>();
      held.set(server, gate.promise);
      return () => {
        held.delete(server);
        gate.resolve();
      };
    },
    kill: programs.kill,
  };
}

function runningPod(
  { spec }: PodObject,
  key: string,
  address: string,
  env: ReadonlyMap<string, string>,
): StartedServerPod {
  const port = Number(env.get("PORT") ?? spec.containers[0]?.ports[0]?.containerPort);
  const server = env.get("ACTIVE_MCP_SERVERS") ?? key;
  return { key, server, address, port, poolMax: Number(env.get(POOL_MAX)) };
}
