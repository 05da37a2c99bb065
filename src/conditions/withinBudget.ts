import type { ConnectionBudget } from "../api/connectionBudget.ts";
import { roleOf } from "../api/connectionBudget.ts";
import { counted } from "../text/wording.ts";
import type { BudgetSnapshot } from "../model/budgetSnapshot.ts";
import { clientUseOf, type ClientUse } from "./clientUse.ts";
import { UNCHANGED, conditionIn, type CheckResult, type Verdict } from "./condition.ts";
import { joinTruncated } from "../text/truncation.ts";
import { holdersOf } from "./holders.ts";
import { loginStormOf } from "./loginStorm.ts";
import type { Owners } from "./owners.ts";
import {
  sourceStatusOf,
  isTooEarly,
  verdictOf,
  combined,
  type ObservedPgBouncers,
} from "./observed.ts";
import { postgresRoomOf, slotRoomOf, slotUseOf, type SlotRoom } from "./slotUse.ts";

/**
 * WithinBudget: whether what is open, or may be opened as PgBouncer is set, fits: clients and slots
 * on every process, backends in Postgres. It turns False at once, and True only when nothing in the
 * windows broke a sum.
 */
export function withinBudget(
  budget: ConnectionBudget,
  snapshot: BudgetSnapshot,
  poolers: ObservedPgBouncers,
  owners: Owners,
): Verdict {
  const room = slotRoomOf(budget, poolers, snapshot.postgres);
  const broken = [
    ...clientsBroken(budget, poolers, owners),
    ...loginsBroken(budget, poolers),
    ...slotsBroken(budget, poolers, room),
    ...backendsBroken(budget, snapshot),
  ];
  const [first] = broken;
  const bad: CheckResult | undefined = first && {
    status: "False",
    reason: first.reason,
    message: joinTruncated(broken.map(({ text }) => text)),
  };
  const asked = combined([poolers, sourceStatusOf("Postgres", snapshot.postgres)]);
  const verdict = verdictOf(asked, bad, wellOf(budget, poolers, room));
  const before = conditionIn(snapshot.budget.status, "WithinBudget")?.status;
  // Also what could not be seen for a while: a PgBouncer that has just come back has few clients yet.
  const isTakenBack = verdict.status === "True" && before !== undefined && before !== "True";
  return isTakenBack && isTooEarly(poolers) ? UNCHANGED : verdict;
}

interface Broken {
  readonly reason: string;
  readonly text: string;
}

function clientsBroken(
  budget: ConnectionBudget,
  { available }: ObservedPgBouncers,
  owners: Owners,
): readonly Broken[] {
  return available.flatMap((pooler) => {
    const use = clientUseOf(pooler, budget);
    if (use.total <= use.capacity) return [];
    const sum = `${partsOf(use)} = ${use.total} > ${use.capacity} of max_client_conn`;
    const text = `clients of ${pooler.name}: ${sum}; held by ${holdersOf(pooler, owners)}`;
    return [{ reason: "ClientsExceedBudget", text }];
  });
}

function loginsBroken(
  budget: ConnectionBudget,
  { available }: ObservedPgBouncers,
): readonly Broken[] {
  return available.flatMap((pooler) => {
    const storm = loginStormOf(pooler, budget);
    if (storm === undefined) return [];
    const { usedClients, loggingIn, consoles, maintenance, total, capacity } = storm;
    const text =
      `logins of ${pooler.name}: ${usedClients} used, ${loggingIn} of them still logging in where ` +
      `${budget.spec.pgbouncer.reserve.logins} are reserved, + ${consoles} consoles + ` +
      `${maintenance} maintenance = ${total} > ${capacity} of max_client_conn`;
    return [{ reason: "ClientsExceedBudget", text }];
  });
}

/** `190 of 10 limited lines + 2 consoles + 4 maintenance + 4 logins`. */
function partsOf({
  limited,
  limitedLines,
  open,
  openLines,
  consoles,
  maintenance,
  logins,
}: Omit<ClientUse, "total" | "capacity">): string {
  return [
    ...(limitedLines > 0 ? [`${limited} of ${counted(limitedLines, "limited line")}`] : []),
    ...(openLines > 0 ? [`${open} open`] : []),
    `${consoles} consoles`,
    `${maintenance} maintenance`,
    `${logins} logins`,
  ].join(" + ");
}

function slotsBroken(
  budget: ConnectionBudget,
  { available }: ObservedPgBouncers,
  room: SlotRoom,
): readonly Broken[] {
  return available.flatMap((pooler) => {
    const { lines, maintenance, total } = slotUseOf(pooler, budget);
    if (total <= room.perProcess) return [];
    const sum = `${lines} of lines + ${maintenance} maintenance = ${total} > ${shareText(room)}`;
    return [{ reason: "SlotsExceedBudget", text: `slots of ${pooler.name}: ${sum}` }];
  });
}

function shareText({ perProcess, postgres, processes }: SlotRoom): string {
  return `${perProcess} = ⌊${postgres} of Postgres / ${processes}⌋`;
}

function backendsBroken(budget: ConnectionBudget, { postgres }: BudgetSnapshot): readonly Broken[] {
  if (postgres.state !== "available") return [];
  const most = Math.max(postgres.value.backends, postgres.value.backendsMax ?? 0);
  const room = postgresRoomOf(budget, postgres);
  if (most <= room) return [];
  const text = `backends: role ${roleOf(budget)} has ${most} > ${room} in Postgres`;
  return [{ reason: "BackendsExceedBudget", text }];
}

/** Limits and planned sums alone: no count that moves with every connection. */
function wellOf(
  budget: ConnectionBudget,
  { available }: ObservedPgBouncers,
  room: SlotRoom,
): CheckResult {
  const set = available.map((pooler) => clientsAsSet(pooler, budget));
  const largest = set.toSorted((a, b) => b.total - a.total)[0];
  const clients =
    largest === undefined
      ? []
      : [
          largest.openLines === 0
            ? `clients: ${partsOf(largest)} = ${largest.total} ≤ ${largest.capacity} of max_client_conn`
            : `clients: what is open and the reserve fit max_client_conn ${largest.capacity}; ` +
              `${counted(largest.openLines, "line")} without a limit may open more`,
        ];
  const texts = [
    ...clients,
    `slots: at most ${shareText(room)} on each process`,
    `backends: at most ${room.postgres}`,
  ];
  return { status: "True", reason: "Within", message: texts.join("; ") };
}

/** The client sum with nothing open. */
function clientsAsSet(
  pooler: ObservedPgBouncers["available"][number],
  budget: ConnectionBudget,
): ClientUse {
  const { state } = pooler;
  const lines = new Map(
    [...pooler.lines].map(([name, line]) => [name, { ...line, openClients: 0 }] as const),
  );
  const window = { ...state.window, usedClientsMax: 0, lines: new Map() };
  return clientUseOf({ ...pooler, lines, state: { ...state, clients: [], window } }, budget);
}
