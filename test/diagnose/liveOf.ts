import type { LiveSystem } from "../../src/model/liveSystem.ts";
import type {
  ClientRow,
  DatabaseRow,
  LivePgBouncer,
  PgBouncerSample,
  ServerRow,
} from "../../src/model/pgbouncer.ts";
import type { BackendRow, LivePostgres } from "../../src/model/postgres.ts";
import type { LiveWorkload } from "../../src/model/workload.ts";

/** The first sample's moment; the others follow a second apart each. */
export const START_MS = 1_800_000_000_000;
const SAMPLES = 4;
export const SECOND_MS = 1_000;
/** The last sample's. */
export const END_MS = START_MS + (SAMPLES - 1) * SECOND_MS;

let ids = 0;

/** An idle client of line `app`, that connected and asked something a minute before the window. */
export function clientOf(told: Partial<ClientRow> = {}): ClientRow {
  ids += 1;
  return {
    id: `${ids}`,
    line: "app",
    user: "app",
    applicationName: "",
    address: "10.244.0.1",
    port: ids,
    state: "idle",
    connectedAtMs: START_MS - 60 * SECOND_MS,
    requestedAtMs: START_MS - 60 * SECOND_MS,
    waitMs: 0,
    ...told,
  };
}

/** So many of them. */
export function clientsOf(count: number, told: Partial<ClientRow> = {}): readonly ClientRow[] {
  return Array.from({ length: count }, () => clientOf(told));
}

/** A backend connection of line `app`, at work. */
export function serverOf(told: Partial<ServerRow> = {}): ServerRow {
  ids += 1;
  return {
    id: `s${ids}`,
    line: "app",
    user: "app",
    state: "active",
    backendPid: 1_000 + ids,
    localAddress: "10.244.9.9",
    localPort: 10_000 + ids,
    connectedAtMs: START_MS - 60 * SECOND_MS,
    requestedAtMs: START_MS - 60 * SECOND_MS,
    ...told,
  };
}

/** The backend at the other end of a backend connection, in a query that began with the window. */
export function backendOf(server: ServerRow, told: Partial<BackendRow> = {}): BackendRow {
  return {
    pid: server.backendPid,
    user: server.user,
    database: "app",
    applicationName: "",
    clientAddress: server.localAddress,
    clientPort: server.localPort,
    state: "active",
    queryStartedAtMs: START_MS,
    stateChangedAtMs: START_MS,
    command: "SELECT",
    ...told,
  };
}

function lineOf(told: Partial<DatabaseRow> = {}): DatabaseRow {
  return {
    name: "app",
    host: "postgres",
    port: 5432,
    database: "app",
    poolSize: 20,
    reservePoolSize: 0,
    poolMode: "transaction",
    maxConnections: 0,
    maxClientConnections: 0,
    paused: false,
    disabled: false,
    ...told,
  };
}

/** What a pooler of one line shows; each part the same in all samples, or by the sample's number. */
export interface ShownProcess {
  readonly clients?: readonly ClientRow[] | ((sample: number) => readonly ClientRow[]);
  readonly servers?: readonly ServerRow[] | ((sample: number) => readonly ServerRow[]);
  /** Clients that wait for a backend connection. */
  readonly waiting?: (sample: number) => number;
  readonly sample?: (sample: number) => Partial<PgBouncerSample>;
  readonly line?: Partial<DatabaseRow>;
  readonly config?: Readonly<Record<string, string>>;
  readonly address?: string;
}

function at<T>(told: readonly T[] | ((sample: number) => readonly T[]) = [], sample: number) {
  return typeof told === "function" ? told(sample) : told;
}

/** max_client_conn is 20, keepalive is the kernel's, weir's own console is counted. */
export function poolerOf(shown: ShownProcess = {}): LivePgBouncer {
  const { waiting = () => 0, sample = () => ({}) } = shown;
  return {
    address: shown.address ?? "10.244.9.9:6432",
    version: "1.26.1",
    access: "as stats user eye",
    config: new Map(
      Object.entries({
        max_client_conn: "20",
        tcp_keepalive: "1",
        tcp_keepidle: "0",
        ...shown.config,
      }),
    ),
    lines: [lineOf(shown.line)],
    samples: Array.from({ length: SAMPLES }, (_, number) => {
      const clients = at(shown.clients, number);
      const servers = at(shown.servers, number);
      return {
        atMs: START_MS + number * SECOND_MS,
        usedClients: clients.length + 1,
        loggingIn: 0,
        clients,
        servers,
        pools: [
          {
            line: "app",
            user: "app",
            clientsWaiting: waiting(number),
            maxWaitMs: 0,
            serversActive: servers.length,
            servers: servers.length,
          },
        ],
        ...sample(number),
      };
    }),
  };
}

/** 97 connections, no CONNECTION LIMIT. */
export function postgresOf(
  backends: readonly BackendRow[] | ((sample: number) => readonly BackendRow[]),
): LivePostgres {
  return {
    address: "postgres:5432",
    version: "17.1",
    maxConnections: 100,
    superuserReservedConnections: 3,
    reservedConnections: 0,
    roleLimits: new Map([["app", -1]]),
    samples: Array.from({ length: SAMPLES }, (_, number) => ({
      atMs: START_MS + number * SECOND_MS,
      backends: typeof backends === "function" ? backends(number) : backends,
    })),
  };
}

/** A workload of line and login `app` with pods at these addresses, ready. */
export function workloadAt(
  addresses: readonly string[],
  told: Partial<LiveWorkload> = {},
): LiveWorkload {
  return {
    name: "Deployment writing/app",
    line: "app",
    user: "app",
    poolMax: 5,
    poolMaxFrom: "env POOL_MAX",
    processesPerPod: 1,
    replicas: addresses.length,
    pods: addresses.map((address, index) => ({
      name: `app-${index}`,
      address,
      ready: true,
      terminating: false,
    })),
    ...told,
  };
}

export function systemOf(
  pgbouncers: readonly LivePgBouncer[],
  told: Partial<LiveSystem> = {},
): LiveSystem {
  return { pgbouncers, unavailable: [], ...told };
}
