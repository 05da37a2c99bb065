import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryClient, arbitrarySystem } from "../../../test/verify/arbitrarySystem.ts";
import { naiveVerdict } from "../../../test/verify/naiveProof.ts";
import { known, missing } from "../../../test/verify/systemOf.ts";
import { processesOf, type Client, type System } from "../system.ts";
import { assumed, type Quantity } from "../quantity.ts";
import { withoutAssumptions } from "./assumptions.ts";
import { prove } from "./prove.ts";

function order<T>(values: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...values], { minLength: values.length });
}

/** The same things in another order. */
function shuffled(system: System): fc.Arbitrary<System> {
  return fc
    .record({
      poolers: order(system.poolers),
      clients: order(system.clients),
      postgres: order(system.postgres),
      lines: fc.tuple(
        ...system.poolers.map(({ groups }) => fc.tuple(...groups.map(({ lines }) => order(lines)))),
      ),
    })
    .map(({ clients, postgres, poolers, lines }) => ({
      ...system,
      clients,
      postgres,
      poolers: poolers.map((pooler) => ({
        ...pooler,
        groups: pooler.groups.map((group, index) => ({
          ...group,
          lines: lines[system.poolers.indexOf(pooler)]?.[index] ?? [],
        })),
      })),
    }));
}

/** A system in which something is missing, and one that it may be: with a value for all of that. */
function toldSystem(system: System, value: number): System {
  const tell = (figure: Quantity): Quantity => (figure.known ? figure : known(value));
  return {
    ...system,
    clients: system.clients
      .filter((client) => !isLeftOut(client, system))
      .map((client) => ({
        ...client,
        pods: tell(client.pods),
        processesPerPod: tell(client.processesPerPod),
        pool: tell(client.pool),
      })),
    poolers: system.poolers.map((pooler) => ({
      ...pooler,
      groups: pooler.groups.map((group) => ({
        ...group,
        processes: tell(group.processes),
        capacity: tell(group.capacity),
        lines: group.lines.map((line) => ({
          ...line,
          reservePool: tell(line.reservePool),
          ...(line.authPool && { authPool: tell(line.authPool) }),
          ...(line.maxBackends && { maxBackends: tell(line.maxBackends) }),
          ...(line.maxClients && { maxClients: tell(line.maxClients) }),
        })),
      })),
    })),
  };
}

/** Whether a client with something missing is of a Postgres that no PgBouncer leads to. */
function isLeftOut(client: Client, { poolers, postgres }: System): boolean {
  const { target } = client;
  if (target.kind !== "postgres" || (processesOf(client).known && client.pool.known)) return false;
  const server = postgres.find(({ address, aliases }) =>
    [address, ...aliases].includes(target.postgres),
  );
  const names = server === undefined ? [target.postgres] : [server.address, ...server.aliases];
  const lines = poolers.flatMap(({ groups }) => groups.flatMap((group) => group.lines));
  return lines.every((line) => !names.includes(line.postgres));
}

/** The same, but every odd pool is only assumed. */
function assumingPools(system: System): System {
  const clients = system.clients.map((client) => {
    const { name, pool } = client;
    if (!pool.known || pool.value % 2 === 0) return client;
    return { ...client, pool: assumed(missing(`the pool of ${name}`), pool.value, "by hand") };
  });
  return { ...system, clients };
}

/**
 * Whether a client is the somebody who was counted for a line that nobody was known to use, and is
 * no other than who asks for logins there: then there is a pool less than there was to be feared.
 */
function isWhoWasFeared({ target }: Client, { poolers, clients }: System): boolean {
  if (target.kind !== "pooler") return false;
  const isUsed = clients.some(
    ({ target: other }) =>
      other.kind === "pooler" &&
      other.pooler === target.pooler &&
      other.database === target.database,
  );
  return poolers
    .filter(({ name }) => name === target.pooler && !isUsed)
    .flatMap(({ groups }) => groups.flatMap(({ lines }) => lines))
    .some(({ authUser }) => authUser === target.user);
}

describe("the verdict", () => {
  it("is that of counting every connection, where all is known", () => {
    const seen = { fits: 0, broken: 0, unknown: 0 };
    fc.assert(
      fc.property(arbitrarySystem(), (system) => {
        const expected = naiveVerdict(system);
        seen[expected] += 1;
        expect(prove(system).verdict).toBe(expected);
      }),
      { numRuns: 2000 },
    );
    // An unknown one is drawn seldom: the properties below are about those.
    expect(Math.min(seen.fits, seen.broken)).toBeGreaterThan(100);
  });

  it("never turns from broken into another by one client more that was not counted", () => {
    fc.assert(
      fc.property(arbitrarySystem(false), arbitraryClient(false), (system, client) => {
        fc.pre(!isWhoWasFeared(client, system));
        const before = prove(system).verdict;
        const after = prove({ ...system, clients: [...system.clients, client] }).verdict;
        const worse = { fits: ["fits", "unknown", "broken"], unknown: ["unknown", "broken"] };
        expect(before === "broken" ? ["broken"] : worse[before]).toContain(after);
      }),
      { numRuns: 1000 },
    );
  });

  it("stays what it is, whatever the missing turns out to be", () => {
    const seen = { fits: 0, broken: 0, unknown: 0 };
    fc.assert(
      fc.property(arbitrarySystem(false), fc.nat({ max: 40 }), (system, value) => {
        const { verdict } = prove(system);
        seen[verdict] += 1;
        const told = naiveVerdict(toldSystem(system, value));
        expect(verdict === "unknown" ? told : verdict).toBe(told);
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(seen.fits, seen.broken, seen.unknown)).toBeGreaterThan(20);
  });

  it("stays what it is without anything assumed, whatever that turns out to be", () => {
    const seen = { fits: 0, broken: 0, unknown: 0 };
    fc.assert(
      fc.property(arbitrarySystem(), fc.nat({ max: 12 }), (found, value) => {
        const system = assumingPools(found);
        const { verdict, assumptions } = prove(system);
        const strict = withoutAssumptions(system);
        const proof = prove(strict);
        seen[proof.verdict] += 1;
        expect(proof.assumptions).toEqual([]);
        const told = naiveVerdict(toldSystem(strict, value));
        expect(proof.verdict === "unknown" ? told : proof.verdict).toBe(told);
        // Where nothing is assumed, that is the verdict.
        expect(assumptions.length > 0 ? verdict : proof.verdict).toBe(verdict);
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(seen.fits, seen.broken, seen.unknown)).toBeGreaterThan(20);
  });

  it("and all that is said does not depend on the order of the input", () => {
    const pairs = arbitrarySystem(false).chain((system) =>
      shuffled(system).map((other) => [system, other] as const),
    );
    fc.assert(
      fc.property(pairs, ([system, other]) => {
        expect(prove(other)).toEqual(prove(system));
      }),
      { numRuns: 500 },
    );
  });

  it("names a field of each sum that breaks, with all others of that sum", () => {
    fc.assert(
      fc.property(arbitrarySystem(), (system) => {
        const { sums, findings } = prove(system);
        expect(findings.length).toBeGreaterThanOrEqual(
          sums.filter(({ verdict }) => verdict === "broken").length,
        );
        for (const { total, terms } of sums) {
          expect(total).toBe(terms.reduce((sum, { value }) => sum + value, 0));
        }
      }),
    );
  });
});
