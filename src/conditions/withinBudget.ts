import { roleOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import type { BudgetSnapshot } from "../model/budgetSnapshot.ts";
import { counted } from "../text/wording.ts";
import { holdersOf, type ClientOwners } from "./clientOwners.ts";
import {
  failureFrom,
  type CheckOutcome,
  type CheckResult,
  type FailureCause,
} from "./condition.ts";
import type { BudgetInput } from "./input.ts";
import { combined, outcomeOf, sourceStatusOf, type ObservedPgBouncer } from "./sources.ts";
import type { Reasons } from "./reasons.ts";
import {
  clientUseOf,
  loginStormOf,
  slotRoomOf,
  slotUseOf,
  type ClientUse,
  type SlotRoom,
} from "./processUse.ts";

/**
 * WithinBudget: whether what is open, or may be opened as PgBouncer is set, fits: clients and slots
 * on every process, backends in Postgres. It turns False at once, and True only when nothing in the
 * windows broke a sum.
 */
export function withinBudget({
  snapshot,
  plan,
  pgbouncers,
  owners,
}: BudgetInput): CheckOutcome<"WithinBudget"> {
  // A server that can't be read hides nothing of what is open.
  if (plan.budget === undefined) return plan.why;
  const { budget } = plan;
  const room = slotRoomOf(budget, pgbouncers, snapshot.postgres);
  const { available } = pgbouncers;
  const broken = [
    ...available.flatMap((each) => clientsBroken(each, budget, owners)),
    ...available.flatMap((each) => loginsBroken(each, budget)),
    ...available.flatMap((each) => slotsBroken(each, budget, room)),
    ...backendsBroken(budget, snapshot.postgres, room),
  ];
  return outcomeOf<"WithinBudget">(
    combined([pgbouncers, sourceStatusOf("Postgres", snapshot.postgres)]),
    failureFrom(broken),
    within(budget, available, room),
  );
}

/** A sum that does not hold. */
type BrokenSum = FailureCause<"WithinBudget">;

function clientsBroken(
  pgbouncer: ObservedPgBouncer,
  budget: ConnectionBudget,
  owners: ClientOwners,
): readonly BrokenSum[] {
  const use = clientUseOf(pgbouncer, budget);
  if (use.total <= use.capacity) return [];
  const sum = `${partsOf(use)} = ${use.total} > ${use.capacity} of max_client_conn`;
  const text = `clients of ${pgbouncer.name}: ${sum}; held by ${holdersOf(pgbouncer, owners)}`;
  return [{ reason: "ClientsExceedBudget", text }];
}

function loginsBroken(
  pgbouncer: ObservedPgBouncer,
  budget: ConnectionBudget,
): readonly BrokenSum[] {
  const storm = loginStormOf(pgbouncer, budget);
  if (storm === undefined) return [];
  const { usedClients, loggingIn, consoles, maintenance, total, capacity } = storm;
  const text =
    `logins of ${pgbouncer.name}: ${usedClients} used, ${loggingIn} of them still logging in where ` +
    `${budget.spec.pgbouncer.reserve.logins} are reserved, + ${consoles} consoles + ` +
    `${maintenance} maintenance = ${total} > ${capacity} of max_client_conn`;
  return [{ reason: "ClientsExceedBudget", text }];
}

/** `190 of 10 limited lines + 2 consoles + 4 maintenance + 4 logins`. */
function partsOf(use: ClientUse): string {
  const { limited, limitedLines, open, openLines, consoles, maintenance, logins } = use;
  return [
    ...(limitedLines > 0 ? [`${limited} of ${counted(limitedLines, "limited line")}`] : []),
    ...(openLines > 0 ? [`${open} open`] : []),
    `${consoles} consoles`,
    `${maintenance} maintenance`,
    `${logins} logins`,
  ].join(" + ");
}

function slotsBroken(
  pgbouncer: ObservedPgBouncer,
  budget: ConnectionBudget,
  room: SlotRoom,
): readonly BrokenSum[] {
  const { lines, maintenance, total } = slotUseOf(pgbouncer, budget);
  if (total <= room.perProcess) return [];
  const sum = `${lines} of lines + ${maintenance} maintenance = ${total} > ${shareText(room)}`;
  return [{ reason: "SlotsExceedBudget", text: `slots of ${pgbouncer.name}: ${sum}` }];
}

function shareText({ perProcess, postgres, processes }: SlotRoom): string {
  return `${perProcess} = ⌊${postgres} of Postgres / ${processes}⌋`;
}

function backendsBroken(
  budget: ConnectionBudget,
  postgres: BudgetSnapshot["postgres"],
  room: SlotRoom,
): readonly BrokenSum[] {
  if (postgres.state !== "available") return [];
  const most = Math.max(postgres.value.backends, postgres.value.backendsMax ?? 0);
  if (most <= room.postgres) return [];
  const text = `backends: role ${roleOf(budget)} has ${most} > ${room.postgres} in Postgres`;
  return [{ reason: "BackendsExceedBudget", text }];
}

/** Limits and planned sums alone: no count that moves with every connection. */
function within(
  budget: ConnectionBudget,
  available: readonly ObservedPgBouncer[],
  room: SlotRoom,
): CheckResult<Reasons["WithinBudget"]> {
  const set = available.map((pgbouncer) => clientsAsSet(pgbouncer, budget));
  const largest = set.toSorted((a, b) => b.total - a.total)[0];
  const texts = [
    ...(largest === undefined ? [] : [clientsWithin(largest)]),
    `slots: at most ${shareText(room)} on each process`,
    `backends: at most ${room.postgres}`,
  ];
  return { status: "True", reason: "Within", message: texts.join("; ") };
}

function clientsWithin(use: ClientUse): string {
  const { openLines, total, capacity } = use;
  return openLines === 0
    ? `clients: ${partsOf(use)} = ${total} ≤ ${capacity} of max_client_conn`
    : `clients: what is open and the reserve fit max_client_conn ${capacity}; ` +
        `${counted(openLines, "line")} without a limit may open more`;
}

/** The client sum with nothing open. */
function clientsAsSet(pgbouncer: ObservedPgBouncer, budget: ConnectionBudget): ClientUse {
  const { state } = pgbouncer;
  const lines = new Map(
    [...pgbouncer.lines].map(([name, line]) => [name, { ...line, openClients: 0 }] as const),
  );
  const window = { ...state.window, usedClientsMax: 0, lines: new Map() };
  return clientUseOf({ ...pgbouncer, lines, state: { ...state, clients: [], window } }, budget);
}
