import { randomBytes } from "node:crypto";
import { parseAllDocuments } from "yaml";
import { plannedBudgets, planFleet } from "../../src/budget/planFleet.ts";
import { serverObjects } from "../../charts/serverObjects.ts";
import { tierObjects } from "../../charts/tierObjects.ts";
import { roleOf, type ConnectionBudget } from "../../src/api/connectionBudget.ts";
import { keyOf, type Fleet } from "../../src/api/fleet.ts";
import { formatProblem } from "../../src/fleet/problem.ts";
import { readFleet } from "../../src/fleet/readFleet.ts";
import { guardSql } from "../../src/budget/guard.ts";
import type { Plan } from "../../src/budget/plan.ts";
import { credentials } from "../../src/credentials/credentials.ts";
import {
  secretKeyOf,
  textOf,
  type Secret,
  type SecretData,
} from "../../src/credentials/secrets.ts";
import type { Postgres } from "../parts/postgres.ts";
import type { AppliedObject } from "./applyObjects.ts";
import { existingSecrets } from "./existingPgBouncer.ts";
import { existingWorkload } from "./existingWorkload.ts";

/** A fleet, and everything that people make of it before an operator comes. */
export interface TestbedFleet {
  readonly fleet: Fleet;
  readonly plan: Plan;
  /** The ConnectionBudgets and McpServers themselves, as they are written. */
  readonly written: readonly AppliedObject[];
  /** What `weir secrets` makes, or what was there before weir. */
  readonly secrets: readonly Secret[];
  /** What the charts make, or what was there before weir. */
  readonly workloads: readonly AppliedObject[];
}

/**
 * Reads a fleet, and works out what belongs to it.
 *
 * @param existing data of Secrets that are there
 * @throws with its problems when it is not well, or its budget can't fit and has no workloads
 */
export function testbedFleet(
  yaml: string,
  existing: ReadonlyMap<string, SecretData>,
): TestbedFleet {
  const read = readFleet([{ name: "the testbed's fleet", text: yaml }]);
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join("\n"));
  const { fleet } = read;
  const plan = planFleet(fleet);
  const made = credentials(
    fleet,
    (name) => existing.get(secretKeyOf(name)),
    () => randomBytes(16).toString("base64url"),
  );
  if (made.problems.length > 0) throw new Error(made.problems.join("\n"));
  const foreign = fleet.budgets.filter(({ spec }) => spec.pgbouncer.existing !== undefined);
  return {
    fleet,
    plan,
    written: parseAllDocuments(yaml).map((document): AppliedObject => document.toJS()),
    secrets: [
      ...made.secrets,
      ...foreign.flatMap(({ metadata }) => existingSecrets(metadata.namespace, metadata.name)),
    ],
    workloads: plannedBudgets(fleet, plan).flatMap(({ budget, plan: planned, servers }) =>
      budget.spec.pgbouncer.existing === undefined
        ? [
            ...tierObjects(budget, feasible(planned)),
            ...servers.flatMap((each) => serverObjects(each.server, budget, each.plan)),
          ]
        : servers.map(({ server }) => existingWorkload(server, budget)),
    ),
  };
}

function feasible<T extends { readonly feasible: boolean; readonly name: string }>(plan: T): T {
  if (!plan.feasible)
    throw new Error(`ConnectionBudget ${plan.name} can't fit: no manifests of it`);
  return plan;
}

/**
 * What a database administrator does for each budget: the guarded role with the password of its
 * Secret, and its database. May be done again.
 */
export async function preparePostgres(
  postgres: Postgres,
  { fleet, plan }: TestbedFleet,
  secrets: ReadonlyMap<string, SecretData>,
): Promise<void> {
  for (const budget of fleet.budgets) {
    const planned = plan.budgets.find(
      ({ namespace, name }) => `${namespace}/${name}` === keyOf(budget),
    );
    if (planned === undefined) throw new Error(`ConnectionBudget ${keyOf(budget)} has no plan`);
    const role = `"${roleOf(budget)}"`;
    await postgres.query(guardSql(budget, planned.slots.postgres));
    await postgres.query(`ALTER ROLE ${role} PASSWORD '${rolePassword(budget, secrets)}'`);
    const { database } = budget.spec.postgres;
    const there = await postgres.query(`SELECT FROM pg_database WHERE datname = '${database}'`);
    if (there.length === 0) await postgres.query(`CREATE DATABASE "${database}" OWNER ${role}`);
  }
}

function rolePassword(
  { metadata, spec }: ConnectionBudget,
  secrets: ReadonlyMap<string, SecretData>,
): string {
  const { name } = spec.postgres.credentialsSecretRef;
  const key = secretKeyOf({ namespace: metadata.namespace, name });
  const password = textOf(secrets.get(key)?.["password"] ?? "");
  if (password === undefined || password === "") throw new Error(`Secret ${key} has no password`);
  return password;
}
