import { byCodeUnit } from "../../text/order.ts";
import type { SourcePosition } from "../sourcePosition.ts";
import type { Rule } from "./proof.ts";
import { processesOf, type Pooler, type PostgresServer, type System } from "../system.ts";
import { firstPlace, missing, type MissingQuantity } from "../quantity.ts";
import { limitOf } from "./bounds.ts";
import { clientsOf, isDirect, useOf, type DirectClient } from "./lineUse.ts";
import { slotTerms } from "./slotTerms.ts";
import {
  findingOf,
  limitedBy,
  mergedVerdicts,
  perProcess,
  quantityTerm,
  shortSum,
  sizeHint,
  sumVerdict,
  type SumVerdict,
  type SumCheck,
} from "./sum.ts";

/**
 * The slot sums: for each pooler with a share of its Postgres, what its processes may open ≤ the
 * share; for each Postgres, what all poolers before it and all direct clients may open ≤ what it
 * admits, and the shares of several poolers too.
 */
export function slotSums(system: System): SumVerdict {
  return mergedVerdicts([
    ...system.poolers.map((pooler) => shareSum(pooler, system)),
    ...postgresOf(system).map((postgres) => postgresSums(postgres, system)),
    ...system.poolers.map((pooler) => unlimitedPools(pooler, system)),
  ]);
}

function shareSum(pooler: Pooler, system: System): SumVerdict {
  const { share, name, place } = pooler;
  if (share === undefined) return mergedVerdicts([]);
  const checkWith = (largest: number): SumCheck => ({
    kind: "slots",
    of: `${name}, its share of Postgres`,
    terms: slotTerms(pooler, system, { largest }),
    ...limitedBy(share, "the share"),
  });
  return slotVerdict(
    "weir/slots-over-share",
    checkWith,
    place,
    (sum) => `The processes of ${name} may open ${sum}, its share of Postgres.`,
  );
}

/** One Postgres, under all its names, and who opens connections there. */
interface PostgresClients {
  readonly address: string;
  readonly isIt: (address: string) => boolean;
  readonly available?: PostgresServer["available"];
  readonly poolers: readonly Pooler[];
  readonly direct: readonly DirectClient[];
}

function postgresOf(system: System): readonly PostgresClients[] {
  const known = new Map(
    system.postgres.flatMap((each) =>
      [each.address, ...each.aliases].map((address) => [address, each] as const),
    ),
  );
  const nameOf = (address: string): string => known.get(address)?.address ?? address;
  const linesOf = (pooler: Pooler): readonly string[] =>
    pooler.groups
      .flatMap((group) => useOf(group, clientsOf(pooler, system)).lines)
      .flatMap(({ line }) => hostsOf(line.postgres).map(nameOf));
  const direct = system.clients.filter(isDirect);
  const addresses = new Set([
    ...system.poolers.flatMap(linesOf),
    ...direct.map(({ target }) => nameOf(target.postgres)),
  ]);
  return [...addresses].toSorted(byCodeUnit).map((address) => {
    const available = known.get(address)?.available;
    return {
      address,
      isIt: (other) => hostsOf(other).some((host) => nameOf(host) === address),
      ...(available && { available }),
      poolers: system.poolers.filter((pooler) => linesOf(pooler).includes(address)),
      direct: direct.filter(({ target }) => nameOf(target.postgres) === address),
    };
  });
}

/** A line of several hosts may have all its backend connections on any of them. */
function hostsOf(address: string): readonly string[] {
  return address.includes(" ") ? [address] : address.split(",");
}

function postgresSums(backend: PostgresClients, system: System): SumVerdict {
  const { address, poolers, direct, available, isIt } = backend;
  const [first] = [...poolers, ...direct];
  if (first === undefined) return mergedVerdicts([]);
  // What it admits is not known, but every pooler before it keeps to a share of it.
  const bounded = direct.length === 0 && poolers.every(({ share }) => share !== undefined);
  if (!available?.known && bounded) return mergedVerdicts([]);
  const limit = limitedBy(
    available ?? missingPostgres(backend, first.place),
    `what Postgres ${address} admits`,
  );
  const checkWith = (largest: number): SumCheck => ({
    kind: "slots",
    of: `Postgres ${address}`,
    terms: [
      ...poolers.flatMap((pooler) => slotTerms(pooler, system, { postgres: isIt, largest })),
      ...direct.map((client) =>
        perProcess(
          processesOf(client),
          quantityTerm(`${client.name}, past every PgBouncer`, client.pool, client.place),
        ),
      ),
    ],
    ...limit,
  });
  const slots = slotVerdict(
    "weir/slots-over-postgres",
    checkWith,
    first.place,
    (sum) => `Postgres ${address} may have to carry ${sum}.`,
  );
  const shares = poolers.flatMap(({ name, share, place }) =>
    share === undefined ? [] : [quantityTerm(name, share, place)],
  );
  if (shares.length < 2) return slots;
  const check: SumCheck = {
    kind: "slots",
    of: `Postgres ${address}, shares`,
    terms: shares,
    ...limit,
  };
  return mergedVerdicts([
    slots,
    sumVerdict(check, () =>
      findingOf(
        "weir/shares-over-postgres",
        check,
        first.place,
        `The PgBouncers before Postgres ${address} share ${shortSum(check)} that it admits. Lower a share, and the pools with it.`,
      ),
    ),
  ]);
}

function missingPostgres(
  { address, poolers }: PostgresClients,
  place: SourcePosition,
): MissingQuantity {
  const [pooler] = poolers.filter(({ share }) => share === undefined);
  const remedy =
    pooler === undefined
      ? `add an object of that Postgres, annotated with weir.dev/available-connections: "N" (max_connections less what is reserved)`
      : `annotate ${pooler.name} with weir.dev/postgres-connections: "N", what all its processes together may use of it`;
  return missing(`how many connections Postgres ${address} admits`, place, remedy);
}

/** A slot sum with, where it is broken, the largest uniform pool_size that would fit. */
function slotVerdict(
  rule: Rule,
  checkWith: (largest: number) => SumCheck,
  otherwise: SourcePosition,
  sentence: (sum: string) => string,
): SumVerdict {
  const check = checkWith(Infinity);
  return sumVerdict(check, () => {
    const hint = sizeHint(checkWith, "pool_size", {
      atOne: "with 1 on every line",
      remedy: "; take lines, processes or direct clients away",
    });
    return findingOf(rule, check, otherwise, `${sentence(shortSum(check))}${hint}`);
  });
}

/**
 * Lines that nothing bounds, each once though several groups of processes have it; and what is
 * missing to know that something bounds a line, also where no process runs yet to open any.
 */
function unlimitedPools(pooler: Pooler, system: System): SumVerdict {
  const clients = clientsOf(pooler, system);
  const verdicts = pooler.groups.flatMap((group) =>
    useOf(group, clients).lines.map(({ name, line }): Partial<SumVerdict> => {
      const { poolSize, maxServers, user } = line;
      const byUser = user === undefined ? undefined : group.userLimits.get(user);
      const limits = [limitOf(poolSize), limitOf(maxServers), limitOf(byUser)];
      if (limits.some(({ max }) => max !== Infinity)) return {};
      const unknown = limits.flatMap((limit) => limit.missing);
      if (unknown.length > 0) return { missing: unknown };
      const message = `Line ${name} of ${pooler.name} has pool_size 0, which is unlimited in PgBouncer. Give it a pool_size of 1 or more, or max_db_connections.`;
      const place = firstPlace(poolSize, line.place);
      return { findings: [{ rule: "weir/unlimited-pool", message, place, related: [] }] };
    }),
  );
  return mergedVerdicts(verdicts);
}
