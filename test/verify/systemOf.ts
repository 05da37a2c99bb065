import { prove } from "../../src/verify/proof/prove.ts";
import type { ManifestObject, SourcePosition } from "../../src/verify/sourcePosition.ts";
import type {
  Client,
  Pooler,
  PoolerGroup,
  PoolerLine,
  PostgresServer,
  System,
} from "../../src/verify/system.ts";
import type { Quantity, KnownQuantity, MissingQuantity } from "../../src/verify/quantity.ts";

/** Systems made by hand, for the proof alone: every quantity with a place of its own. */

/** One function for all, so that two objects with the same in them are equal. */
const firstPosition = (): { line: number; column: number } => ({ line: 1, column: 1 });

export function objectNamed(kind: string, name: string): ManifestObject {
  return {
    file: "hand.yaml",
    kind,
    apiVersion: "v1",
    name,
    namespace: "shop",
    value: {},
    positionOf: firstPosition,
  };
}

function placeIn(kind: string, name: string, ...path: string[]): SourcePosition {
  return { object: objectNamed(kind, name), path };
}

export function known(value: number, place?: SourcePosition): KnownQuantity {
  return { known: true, value, why: "by hand", places: place === undefined ? [] : [place] };
}

export function missing(what: string): MissingQuantity {
  return {
    known: false,
    what,
    place: placeIn("Deployment", "unknown", "spec"),
    remedy: `annotate ${what}`,
  };
}

/** A number is a quantity that is known. */
type QuantitySpec = number | Quantity;

function quantityOf(value: QuantitySpec, place: SourcePosition): Quantity {
  return typeof value === "number" ? known(value, place) : value;
}

export interface LineSpec {
  readonly postgres?: string;
  readonly user?: string;
  readonly authUser?: string;
  readonly authDatabase?: string;
  readonly authPool?: QuantitySpec;
  readonly poolSize?: QuantitySpec;
  readonly reservePool?: QuantitySpec;
  readonly maxBackends?: QuantitySpec;
  readonly maxClients?: QuantitySpec;
}

/** A line with 5 backend connections and no bulkhead, unless said. */
export function lineOf(name: string, spec: LineSpec = {}): PoolerLine {
  const at = (key: string): SourcePosition => ({
    ...placeIn("ConfigMap", "ini", "data"),
    key: `${name} ${key}`,
  });
  const { postgres = "pg:5432", user, authUser, authDatabase, authPool } = spec;
  const { maxBackends, maxClients } = spec;
  return {
    name,
    place: at("line"),
    postgres,
    ...(user !== undefined && { user }),
    ...(authUser !== undefined && { authUser }),
    ...(authDatabase !== undefined && { authDatabase }),
    ...(authPool !== undefined && { authPool: quantityOf(authPool, at("auth_user")) }),
    poolSize: quantityOf(spec.poolSize ?? 5, at("pool_size")),
    reservePool: quantityOf(spec.reservePool ?? 0, at("reserve_pool_size")),
    ...(maxBackends !== undefined && {
      maxBackends: quantityOf(maxBackends, at("max_db_connections")),
    }),
    ...(maxClients !== undefined && {
      maxClients: quantityOf(maxClients, at("max_db_client_connections")),
    }),
  };
}

interface GroupSpec {
  readonly processes?: QuantitySpec;
  readonly pods?: number;
  readonly capacity?: QuantitySpec;
  readonly lines?: readonly PoolerLine[];
  readonly userLimits?: Readonly<Record<string, number>>;
}

export function groupOf(spec: GroupSpec = {}): PoolerGroup {
  return {
    processes: quantityOf(spec.processes ?? 1, placeIn("Deployment", "pooler", "spec", "replicas")),
    ...(spec.pods !== undefined && { pods: known(spec.pods) }),
    capacity: quantityOf(spec.capacity ?? 100, {
      ...placeIn("ConfigMap", "ini", "data"),
      key: "max_client_conn",
    }),
    lines: spec.lines ?? [lineOf("app")],
    userLimits: new Map(
      Object.entries(spec.userLimits ?? {}).map(([role, limit]) => [role, known(limit)]),
    ),
  };
}

/** A pooler with the default reserve, 2 + 4 + 4 clients and 2 slots, unless said. */
export function poolerOf(
  name: string,
  groups: readonly PoolerGroup[],
  spec: Partial<Pooler> = {},
): Pooler {
  return {
    name,
    place: placeIn("Deployment", name, "spec"),
    scope: "service",
    groups,
    reserve: RESERVE,
    ...spec,
  };
}

export const RESERVE = {
  consoles: 2,
  maintenance: 4,
  maintenanceSlots: 2,
  logins: 4,
  isDemanded: true,
  why: "default",
  places: [],
};

/** A client of line `app` of `pooler`, logged in as app, unless said. */
export function clientOf(
  name: string,
  processes: QuantitySpec,
  pool: QuantitySpec,
  target: { readonly pooler?: string; readonly database?: string; readonly user?: string } = {},
): Client {
  return {
    name,
    workload: `Deployment shop/${name}`,
    place: placeIn("Deployment", name, "spec"),
    pods: quantityOf(processes, placeIn("Deployment", name, "spec", "replicas")),
    processesPerPod: known(1),
    pool: quantityOf(pool, placeIn("Deployment", name, "spec", "env")),
    target: {
      kind: "pooler",
      pooler: target.pooler ?? "pooler",
      database: target.database ?? "app",
      user: target.user ?? "app",
      place: placeIn("Deployment", name, "spec", "url"),
    },
  };
}

export function directOf(
  name: string,
  processes: QuantitySpec,
  pool: QuantitySpec,
  postgres = "pg:5432",
): Client {
  return {
    ...clientOf(name, processes, pool),
    target: { kind: "postgres", postgres, place: placeIn("Deployment", name, "spec", "url") },
  };
}

export function postgresOf(
  available: QuantitySpec,
  address = "pg:5432",
  aliases: readonly string[] = [],
) {
  const place = placeIn("StatefulSet", address, "spec");
  return { address, aliases, available: quantityOf(available, place) } satisfies PostgresServer;
}

export function systemOf(parts: Partial<System>): System {
  return {
    poolers: [],
    clients: [],
    postgres: [],
    unreadPoolers: [],
    missing: [],
    notes: [],
    ...parts,
  };
}

/** The verdict on a system, its sums in short, and the rules that it breaks. */
export function summary(system: System): readonly unknown[] {
  const { verdict, sums, findings } = prove(system);
  return [
    verdict,
    ...sums.map(({ kind, of, total, limit }) => `${kind} ${of}: ${total} of ${limit ?? "?"}`),
    ...findings.map(({ rule }) => rule),
  ];
}
