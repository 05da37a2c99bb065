import * as fc from "fast-check";
import type { Client, System } from "../../src/verify/system.ts";
import { assumed, type Quantity } from "../../src/verify/quantity.ts";
import {
  clientOf,
  directOf,
  groupOf,
  known,
  lineOf,
  missing,
  poolerOf,
  postgresOf,
  RESERVE,
} from "./systemOf.ts";

/** Lines and databases: few, so that clients meet on them. */
const DATABASES = ["app", "books", "maintenance", "*"];
const LOGINS = ["app", "writer", "reader"];
const POOLERS = ["one", "two"];
const ADDRESSES = ["pg:5432", "other:5432"];

function figure(most: number, all: boolean): fc.Arbitrary<number | Quantity> {
  const value = fc.nat({ max: most });
  return all
    ? value
    : fc.oneof(
        { weight: 9, arbitrary: value },
        fc.nat({ max: 9 }).map((n) => missing(`figure ${n}`)),
      );
}

function arbitraryLine(name: string, all: boolean) {
  return fc
    .record(
      {
        postgres: fc.constantFrom(...ADDRESSES),
        user: fc.constantFrom(...LOGINS),
        authUser: fc.constantFrom(...LOGINS),
        authDatabase: fc.constantFrom("app", "books", "postgres"),
        poolSize: fc.oneof(
          { weight: 20, arbitrary: fc.integer({ min: 1, max: 9 }) },
          fc.constant(0),
        ),
        reservePool: figure(2, all),
        maxBackends: figure(12, all),
        maxClients: figure(20, all),
      },
      { requiredKeys: ["postgres", "poolSize"] },
    )
    .map((spec) => {
      const { authUser } = spec;
      if (authUser === undefined) return lineOf(name, spec);
      // The same on every line, as [users] has it.
      const authPool = assumed(missing(`asking ${authUser}`), LOGINS.indexOf(authUser) + 1, "asks");
      return lineOf(name, { ...spec, authPool });
    });
}

export function arbitraryClient(all = true): fc.Arbitrary<Client> {
  const numbers = fc.tuple(figure(4, all), figure(8, all));
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .record({
          numbers,
          name: fc.constantFrom("a", "b", "c", "d"),
          target: fc.record({
            pooler: fc.constantFrom(...POOLERS),
            database: fc.constantFrom("app", "books", "other", "maintenance", "pgbouncer"),
            user: fc.constantFrom(...LOGINS),
          }),
        })
        .map(({ numbers: [processes, pool], name, target }) =>
          clientOf(name, processes, pool, target),
        ),
    },
    fc
      .record({ numbers, postgres: fc.constantFrom(...ADDRESSES, "alias:5432") })
      .map(({ numbers: [processes, pool], postgres }) =>
        directOf("direct", processes, pool, postgres),
      ),
  );
}

function arbitraryGroup(all: boolean, room: number) {
  const lines = fc
    .subarray(DATABASES, { minLength: 1 })
    .chain((names) => fc.tuple(...names.map((name) => arbitraryLine(name, all))));
  return fc
    .record({ processes: figure(3, all), capacity: figure(90 * room, all), lines })
    .map((spec) => groupOf(spec));
}

/**
 * Systems of two poolers before two Postgres: of all sums about half hold. With `all`, every figure
 * is known; else one in ten is missing.
 */
export function arbitrarySystem(all = true): fc.Arbitrary<System> {
  return fc.constantFrom(1, 5).chain((room) => arbitrarySystemWith(room, all));
}

/** @param room how many times as much there is of everything that a sum must not exceed */
function arbitrarySystemWith(room: number, all: boolean): fc.Arbitrary<System> {
  const pooler = (name: string) =>
    fc
      .record({
        groups: fc.array(arbitraryGroup(all, room), { minLength: 1, maxLength: 2 }),
        share: fc.option(fc.integer({ min: 20 * room, max: 120 * room }), { nil: undefined }),
        reserve: fc.constantFrom(
          RESERVE,
          { ...RESERVE, isDemanded: false },
          { ...RESERVE, maintenanceSlots: 0, consoles: 0 },
        ),
      })
      .map(({ groups, share, reserve }) =>
        poolerOf(name, groups, { reserve, ...(share !== undefined && { share: known(share) }) }),
      );
  const available = fc.integer({ min: 50 * room, max: 250 * room });
  return fc
    .record({
      poolers: fc.tuple(...POOLERS.map(pooler)),
      clients: fc.array(arbitraryClient(all), { maxLength: 6 }),
      available: fc.tuple(available, available),
    })
    .map(({ poolers, clients, available: [first, second] }) => ({
      poolers,
      clients,
      postgres: [postgresOf(first, "pg:5432", ["alias:5432"]), postgresOf(second, "other:5432")],
      missing: [],
      unreadPoolers: [],
      notes: [],
    }));
}
