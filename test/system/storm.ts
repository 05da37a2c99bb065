import { vi } from "vitest";

import type { Fleet } from "../../src/api/fleet.ts";
import { startOrdered } from "./orderedProcess.ts";
import { fillAll, tellAll, type PoolServer } from "./poolFleet.ts";
import type { PoolReport } from "./poolReport.ts";
import type { RogueOrder, RogueReport } from "./rogueServer.ts";
import { serverEnvironment } from "./serverEnvironment.ts";
import type { StartedTier } from "./weirTier.ts";

/** Who goes wrong, how, and who else is there. */
export interface StormSpec {
  readonly tier: StartedTier;
  readonly fleet: Fleet;
  /** The name of the server that goes wrong. */
  readonly rogue: string;
  /** Logins that it has under way at the same time. */
  readonly loginsAtOnce: number;
  /** Whether a query of its own comes between a refusal and its next try. */
  readonly looksAround: boolean;
  /** The processes of the other servers. */
  readonly others: readonly PoolServer[];
}

/** What came of it. */
export interface StormCount {
  /** New logins of the others that succeeded, and that did not and were not late. */
  readonly logins: number;
  readonly refused: number;
  /** New logins of the others that were late (late.ts). */
  readonly late: number;
  /** Queries of the others that failed, and connections that they lost. */
  readonly losses: readonly string[];
  readonly rogue: RogueReport;
}

/**
 * A server wants 200 connections, while every process of the others works on all of its connections
 * but one, which it closes and opens again without a pause. The count begins when the rogue has all
 * that its bulkhead admits, so that the sum is reached.
 *
 * @param enough ends the storm
 */
export async function storm(
  spec: StormSpec,
  enough: (count: StormCount) => boolean,
): Promise<StormCount> {
  const { tier, fleet, others } = spec;
  const plan = tier.plan.servers.find(({ name }) => name === spec.rogue);
  const server = fleet.servers.find(({ metadata }) => metadata.name === spec.rogue);
  if (plan === undefined || server === undefined) throw new Error(`no server ${spec.rogue}`);
  const rogue = await startOrdered<RogueOrder, RogueReport>("rogueServer.ts", {
    ...serverEnvironment(tier, server, plan),
    ROGUE_LOGINS_AT_ONCE: String(spec.loginsAtOnce),
    ROGUE_LOOKS_AROUND: String(spec.looksAround),
  });
  try {
    const before = await fillAll(others);
    if (others.some(({ limit }, index) => before[index]?.open !== limit)) {
      throw new Error("not every pool is full");
    }
    const count = async (): Promise<StormCount> => ({
      ...difference(before, await tellAll(others, "report")),
      rogue: await rogue.tell("report"),
    });
    await rogue.tell("storm");
    await until(async () => (await rogue.tell("report")).open >= plan.grant);
    await tellAll(others, "recycle");
    await until(async () => enough(await count()));
    await tellAll(others, "rest");
    await rogue.tell("stop");
    return await count();
  } finally {
    await rogue.kill();
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const check = async () => {
    if (!(await condition())) throw new Error("the storm has not come that far");
  };
  await vi.waitFor(check, { timeout: 600_000 });
}

function difference(
  before: readonly PoolReport[],
  after: readonly PoolReport[],
): Omit<StormCount, "rogue"> {
  return {
    logins: sum(after.map(({ logins }) => logins)) - sum(before.map(({ logins }) => logins)),
    refused: sum(after.map(failures)) - sum(before.map(failures)),
    late: sum(after.map(({ late }) => late)) - sum(before.map(({ late }) => late)),
    losses: after.flatMap(({ losses }, index) => losses.slice(before[index]?.losses.length)),
  };
}

function failures({ refusals }: PoolReport): number {
  return sum(Object.values(refusals));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
