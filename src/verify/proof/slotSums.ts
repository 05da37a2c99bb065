import { byCodeUnit } from "../../text/order.ts";
import {
  AVAILABLE_CONNECTIONS_ANNOTATION,
  POSTGRES_CONNECTIONS_ANNOTATION,
} from "../../api/names.ts";
import { objectOf, type SourcePosition } from "../sourcePosition.ts";
import { postgresAddresses, processesOf, type Pooler, type System } from "../system.ts";
import { firstPlace, missing, type MissingQuantity, type Quantity } from "../quantity.ts";
import { exactly, limitOf, plus } from "./bounds.ts";
import { isDirect, usesOf, type DirectClient } from "./lineUse.ts";
import { slotTerms } from "./slotTerms.ts";
import {
  mergedVerdicts,
  perProcess,
  quantityTerm,
  sumVerdict,
  type SumTerm,
  type SumVerdict,
} from "./sum.ts";

/** A broken slot sum says the largest value of it that any line may have. */
const POOL_SIZE = {
  name: "pool_size",
  atOne: "with 1 on every line",
  remedy: "; take lines, processes or direct clients away",
};

/** The same where no pooler stands before it. */
const POOL = { name: "pool", remedy: "; take pods or processes away" };

/**
 * The slot sums: for each pooler with a share of its Postgres, what its processes may open ≤ the
 * share; for each Postgres, what all poolers before it and all direct clients may open ≤ what it
 * admits, and the shares of several poolers too. Beside a pooler, the sum of a Postgres that no pooler
 * leads to is one only where its numbers are known: else a note says that it is left out.
 *
 * @param demanded names of sums that are wanted though numbers of theirs are missing
 */
export function slotSums(system: System, demanded: ReadonlySet<string>): SumVerdict {
  return mergedVerdicts([
    ...system.poolers.map((pooler) => shareSum(pooler, system)),
    ...postgresOf(system).map((postgres) => {
      const sums = postgresSums(postgres, system);
      const isBehind = postgres.isBehindPooler || system.poolers.length === 0;
      return isBehind ? sums : withoutQuestions(sums, demanded);
    }),
    ...system.poolers.map((pooler) => unlimitedPools(pooler, system)),
  ]);
}

function withoutQuestions(
  verdict: Partial<SumVerdict>,
  demanded: ReadonlySet<string>,
): Partial<SumVerdict> {
  const [unknown] = verdict.sums?.filter((sum) => sum.verdict === "unknown") ?? [];
  if (unknown === undefined || demanded.has(unknown.of)) return verdict;
  const why =
    "no PgBouncer leads to it, and not all numbers of its clients and its limit are known";
  return { notes: [`${unknown.of} is left out: ${why}`] };
}

function shareSum(pooler: Pooler, system: System): Partial<SumVerdict> {
  const { share, name, place } = pooler;
  if (share === undefined) return {};
  return sumVerdict({
    kind: "slots",
    of: `${name}, its share of Postgres`,
    termsWith: (largest) => slotTerms(pooler, system, { largest }),
    limit: share,
    limitName: "the share",
    rule: "weir/slots-over-share",
    place,
    sentence: (sum) => `The processes of ${name} may open ${sum}, its share of Postgres.`,
    size: POOL_SIZE,
  });
}

/** One Postgres, under all its names, and who opens connections there. */
interface PostgresClients {
  readonly address: string;
  readonly isIt: (address: string) => boolean;
  readonly available: Quantity | undefined;
  readonly poolers: readonly Pooler[];
  /** Also by a line that nothing uses: a line `*` beside others, with no client known. */
  readonly isBehindPooler: boolean;
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
    usesOf(pooler, system)
      .flatMap(({ lines }) => lines)
      .flatMap(({ line }) => postgresAddresses(line).map(nameOf));
  const ledTo = new Set(
    system.poolers
      .flatMap(({ groups }) => groups.flatMap(({ lines }) => lines))
      .flatMap((line) => postgresAddresses(line).map(nameOf)),
  );
  const direct = system.clients.filter(isDirect);
  const addresses = new Set([
    ...system.poolers.flatMap(linesOf),
    ...direct.map(({ target }) => nameOf(target.postgres)),
  ]);
  return [...addresses].toSorted(byCodeUnit).map((address) => {
    const poolers = system.poolers.filter((pooler) => linesOf(pooler).includes(address));
    return {
      address,
      isIt: (other) =>
        postgresAddresses({ postgres: other }).some((host) => nameOf(host) === address),
      available: known.get(address)?.available ?? saidBy(poolers),
      poolers,
      isBehindPooler: ledTo.has(address),
      direct: direct.filter(({ target }) => nameOf(target.postgres) === address),
    };
  });
}

/** What the poolers before a Postgres say that it admits: the least, where they differ. */
function saidBy(poolers: readonly Pooler[]): Quantity | undefined {
  const said = poolers.flatMap(({ available }) => available ?? []);
  const least = Math.min(...said.map((one) => (one.known ? one.value : 0)));
  return said.find((one) => !one.known || one.value === least);
}

function postgresSums(backend: PostgresClients, system: System): Partial<SumVerdict> {
  const { address, poolers, direct, available, isIt } = backend;
  const [first] = [...poolers, ...direct];
  if (first === undefined) return {};
  // The limit of this Postgres is not known, but every pooler of it has a share to keep to.
  const bounded = direct.length === 0 && poolers.every(({ share }) => share !== undefined);
  if (!available?.known && bounded) return {};
  const limits = {
    kind: "slots",
    limit: available ?? missingPostgres(backend, first.place),
    limitName: `what Postgres ${address} admits`,
    place: first.place,
  } as const;
  const slots = sumVerdict({
    ...limits,
    of: `Postgres ${address}`,
    termsWith: (largest) => [
      ...poolers.flatMap((pooler) => slotTerms(pooler, system, { postgres: isIt, largest })),
      ...direct.map((client) => directTerm(client, poolers.length === 0 ? largest : undefined)),
    ],
    rule: "weir/slots-over-postgres",
    sentence: (sum) => `Postgres ${address} may have to carry ${sum}.`,
    size: poolers.length === 0 ? POOL : POOL_SIZE,
  });
  const shares = poolers.flatMap(({ name, share, place }) =>
    share === undefined ? [] : [quantityTerm(name, share, place)],
  );
  if (shares.length < 2) return slots;
  const shared = sumVerdict({
    ...limits,
    of: `Postgres ${address}, shares`,
    termsWith: () => shares,
    rule: "weir/shares-over-postgres",
    sentence: (sum) =>
      `The PgBouncers before Postgres ${address} share ${sum} that it admits. Lower a share, and the pools with it.`,
  });
  return mergedVerdicts([slots, shared]);
}

/** @param largest where no pooler stands before the Postgres: what the pool is lowered to */
function directTerm(client: DirectClient, largest: number | undefined): SumTerm {
  const { name, pool, place, target } = client;
  const by = target.by === undefined ? "" : ` by ${target.by}`;
  const shown = largest === undefined ? `${name}, past every PgBouncer${by}` : name;
  const term = perProcess(processesOf(client), quantityTerm(shown, pool, place, largest));
  return { ...term, amount: plus(term.amount, exactly(0, [target.place])) };
}

function missingPostgres(
  { address, poolers, direct }: PostgresClients,
  place: SourcePosition,
): MissingQuantity {
  const what = `how many connections Postgres ${address} admits`;
  const [first] = poolers;
  if (first === undefined) {
    const remedy = `add an object of that Postgres, annotated with ${AVAILABLE_CONNECTIONS_ANNOTATION}: "N" (max_connections less what is reserved)`;
    return missing(what, place, remedy);
  }
  const unbounded = poolers.find(({ share }) => share === undefined);
  // A share bounds the PgBouncer that has it, and not who passes it.
  const [pooler, annotation, says] =
    direct.length > 0 || unbounded === undefined
      ? [first, AVAILABLE_CONNECTIONS_ANNOTATION, "max_connections of it less what is reserved"]
      : [
          unbounded,
          POSTGRES_CONNECTIONS_ANNOTATION,
          "what all its processes together may use of it",
        ];
  const remedy = `annotate ${pooler.name} with ${annotation}: "N", ${says}`;
  const answer = { object: objectOf(pooler.place), annotation, value: "N" };
  return { ...missing(what, place, remedy), answer };
}

/**
 * Lines that nothing bounds, each once though several groups of processes have it; and what is
 * missing to know that something bounds a line, also where no process runs yet to open any.
 */
function unlimitedPools(pooler: Pooler, system: System): SumVerdict {
  const verdicts = usesOf(pooler, system).flatMap(({ group, lines }) =>
    lines.map(({ name, line, isAskersOnly }): Partial<SumVerdict> => {
      if (isAskersOnly) return {};
      const { poolSize, maxBackends, user } = line;
      const byUser = user === undefined ? undefined : group.userLimits.get(user);
      const limits = [limitOf(poolSize), limitOf(maxBackends), limitOf(byUser)];
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
