import type { SourcePosition } from "../sourcePosition.ts";
import type { Finding } from "./proof.ts";
import type { MissingQuantity, Pooler, PostgresServer, System } from "../system.ts";
import { boundsOf, limitOf, times } from "./bounds.ts";
import { byText, clientsOf, isDirect, useOf, type DirectClient } from "./lineUse.ts";
import type { Rule } from "./rules.ts";
import { slotParts } from "./slotParts.ts";
import {
  findingOf,
  isCertain,
  sumVerdict,
  largestThatFits,
  numbered,
  product,
  shortSum,
  shown,
  mergedTerms,
  totalOf,
  type SumVerdict,
  type SumTerm,
  type SumCheck,
} from "./sum.ts";

/**
 * The slot sums: for each pooler with a share of its Postgres, what its processes may open ≤ the
 * share; for each Postgres, what all poolers before it and all direct clients may open ≤ what it
 * admits, and the shares of several poolers too.
 */
export function slotSums(system: System): SumVerdict {
  return mergedTerms([
    ...system.poolers.map((pooler) => shareSum(pooler, system)),
    ...postgresOf(system).map((postgres) => postgresSums(postgres, system)),
    ...system.poolers.map((pooler) => unlimitedPools(pooler, system)),
  ]);
}

function shareSum(pooler: Pooler, system: System): SumVerdict {
  const { share, name, place } = pooler;
  if (share === undefined) return mergedTerms([]);
  const questionOf = (largest: number): SumCheck => ({
    kind: "slots",
    of: `${name}, its share of Postgres`,
    parts: slotParts(pooler, system, { largest }),
    limit: boundsOf(share),
    limitWhy: share.known ? numbered(share) : "the share is missing",
  });
  return judgedSlots(
    "weir/slots-over-share",
    questionOf,
    place,
    (sum) => `The processes of ${name} may open ${sum}, its share of Postgres.`,
  );
}

/** One Postgres, under all its names, and who opens connections there. */
interface Backend {
  readonly address: string;
  readonly isIt: (address: string) => boolean;
  readonly available?: PostgresServer["available"];
  readonly poolers: readonly Pooler[];
  readonly direct: readonly DirectClient[];
}

function postgresOf(system: System): readonly Backend[] {
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
  return [...addresses].toSorted(byText).map((address) => {
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

/** A line of several hosts may have all its server connections on any of them. */
function hostsOf(address: string): readonly string[] {
  return address.includes(" ") ? [address] : address.split(",");
}

function postgresSums(backend: Backend, system: System): SumVerdict {
  const { address, poolers, direct, available, isIt } = backend;
  const [anybody] = [...poolers, ...direct];
  if (anybody === undefined) return mergedTerms([]);
  // Nobody knows what it admits, but everybody before it keeps to a share of it.
  const bounded = direct.length === 0 && poolers.every(({ share }) => share !== undefined);
  if (!available?.known && bounded) return mergedTerms([]);
  const limit = available ?? missingPostgres(backend, anybody.place);
  const limitWhy = limit.known ? numbered(limit) : `what Postgres ${address} admits is missing`;
  const questionOf = (largest: number): SumCheck => ({
    kind: "slots",
    of: `Postgres ${address}`,
    parts: [
      ...poolers.flatMap((pooler) => slotParts(pooler, system, { postgres: isIt, largest })),
      ...direct.map(directPart),
    ],
    limit: boundsOf(limit),
    limitWhy,
  });
  const slots = judgedSlots(
    "weir/slots-over-postgres",
    questionOf,
    anybody.place,
    (sum) => `Postgres ${address} may have to carry ${sum}.`,
  );
  const shares = poolers.flatMap(sharePart);
  if (shares.length < 2) return slots;
  const question: SumCheck = {
    kind: "slots",
    of: `Postgres ${address}, shares`,
    parts: shares,
    limit: boundsOf(limit),
    limitWhy,
  };
  return mergedTerms([
    slots,
    sumVerdict(question, () =>
      findingOf(
        "weir/shares-over-postgres",
        question,
        anybody.place,
        `The PgBouncers before Postgres ${address} share ${shortSum(question)} that it admits. Lower a share, and the pools with it.`,
      ),
    ),
  ]);
}

function missingPostgres({ address, poolers }: Backend, place: SourcePosition): MissingQuantity {
  const [pooler] = poolers.filter(({ share }) => share === undefined);
  return {
    known: false,
    what: `how many connections Postgres ${address} admits`,
    place,
    tell:
      pooler === undefined
        ? `add an object of that Postgres, annotated with weir.dev/available-connections: "N" (max_connections less what is reserved)`
        : `annotate ${pooler.name} with weir.dev/postgres-connections: "N", what all its processes together may use of it`,
  };
}

function directPart({ name, processes, pool, place }: DirectClient): SumTerm {
  return {
    name: `${name}, past every PgBouncer`,
    amount: times(boundsOf(processes), boundsOf(pool)),
    formula: product(processes, "processes", shown(pool)),
    why: `${numbered(processes)} × ${numbered(pool)}`,
    first: pool.known ? (pool.places[0] ?? place) : place,
  };
}

function sharePart({ name, share, place }: Pooler): readonly SumTerm[] {
  if (share === undefined) return [];
  return [
    {
      name,
      amount: boundsOf(share),
      formula: shown(share),
      why: numbered(share),
      first: share.known ? (share.places[0] ?? place) : place,
    },
  ];
}

/** A slot sum with, where it is broken, the largest uniform pool_size that would fit. */
function judgedSlots(
  rule: Rule,
  questionOf: (largest: number) => SumCheck,
  otherwise: SourcePosition,
  sentence: (sum: string) => string,
): SumVerdict {
  const question = questionOf(Infinity);
  return sumVerdict(question, () => {
    const message = sentence(shortSum(question));
    if (!isCertain(question)) return findingOf(rule, question, otherwise, message);
    const most = question.limit.max;
    const fits = (size: number): boolean => totalOf(questionOf(size).parts).min <= most;
    const largest = largestThatFits(most + 1, fits);
    const hint =
      largest === undefined
        ? `No pool_size is small enough: with 1 on every line it is ${totalOf(questionOf(1).parts).min}; take lines, processes or direct clients away.`
        : `The largest uniform pool_size that fits is ${largest}.`;
    return findingOf(rule, question, otherwise, `${message} ${hint}`);
  });
}

/**
 * Lines that nothing bounds, each once though several groups of processes have it; and what is
 * missing to know that something bounds a line, also where no process runs yet to open any.
 */
function unlimitedPools(pooler: Pooler, system: System): SumVerdict {
  const clients = clientsOf(pooler, system);
  const judgements = pooler.groups.flatMap((group) =>
    useOf(group, clients).lines.map(({ name, line }): SumVerdict => {
      const { poolSize, maxServers, user } = line;
      const byUser = user === undefined ? undefined : group.userLimits.get(user);
      const limits = [limitOf(poolSize), limitOf(maxServers), limitOf(byUser)];
      if (limits.some(({ max }) => max !== Infinity)) return mergedTerms([]);
      const missing = limits.flatMap((limit) => limit.missing);
      if (missing.length > 0) return { sums: [], findings: [], missing };
      const finding: Finding = {
        rule: "weir/unlimited-pool",
        message: `Line ${name} of ${pooler.name} has pool_size 0, which is unlimited in PgBouncer. Give it a pool_size of 1 or more, or max_db_connections.`,
        place: poolSize.known ? (poolSize.places[0] ?? line.place) : line.place,
        related: [],
      };
      return { sums: [], findings: [finding], missing: [] };
    }),
  );
  return mergedTerms(judgements);
}
