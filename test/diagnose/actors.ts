import type { LiveWorkload } from "../../src/model/workload.ts";
import type { PgBouncer } from "../parts/pgbouncer.ts";
import { type OrderedProcess, startOrdered } from "../system/orderedProcess.ts";
import type { ActOrder, ActReport } from "./actReport.ts";
import { PASSWORDS } from "./foreignPgBouncer.ts";

/** A process of a server that does as it is told. */
export interface Actor extends OrderedProcess<ActOrder, ActReport> {
  readonly name: string;
  readonly address: string;
  readonly poolMax: number;
}

/** Whom to start: by default a client of the line `app`. */
export interface ActorSpec {
  readonly name: string;
  readonly bouncer: PgBouncer;
  readonly poolMax: number;
  /** What it connects from: any of 127.0.0.0/8 stands for a pod. */
  readonly address?: string;
  readonly login?: { readonly user: string; readonly password: string; readonly database: string };
}

const APP = { user: "app", password: PASSWORDS.app, database: "app" } as const;

/** Starts a process (actingServer.ts); it has no connection yet. */
export async function startActor(spec: ActorSpec): Promise<Actor> {
  const { name, bouncer, poolMax, address = "127.0.0.1", login = APP } = spec;
  const running = await startOrdered<ActOrder, ActReport>("../diagnose/actingServer.ts", {
    PGHOST: "127.0.0.1",
    PGPORT: String(bouncer.port),
    PGUSER: login.user,
    PGPASSWORD: login.password,
    PGDATABASE: login.database,
    PGAPPNAME: name,
    POOL_MAX: String(poolMax),
    LOCAL_ADDRESS: address,
  });
  return { ...running, name, address, poolMax };
}

/** Tells them all at the same time. */
export async function tellActors(actors: readonly Actor[], order: ActOrder): Promise<void> {
  await Promise.all(actors.map((actor) => actor.tell(order)));
}

/** A workload of these pods, as a cluster would tell. */
export function workloadOf(
  name: string,
  told: Partial<LiveWorkload>,
  ...pods: readonly Pick<Actor, "name" | "address">[]
): LiveWorkload {
  return {
    name: `Deployment writing/${name}`,
    line: "app",
    user: "app",
    processesPerPod: 1,
    replicas: pods.length,
    pods: pods.map((pod) => ({
      name: pod.name,
      address: pod.address,
      ready: true,
      terminating: false,
    })),
    ...told,
  };
}
