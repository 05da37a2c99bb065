import { formatPath } from "../../api/fieldPath.ts";
import { byCodeUnit } from "../../text/order.ts";
import { objectOf } from "../sourcePosition.ts";
import type { Finding, Proof, Sum } from "./proof.ts";
import { processesOf, type Client, type System } from "../system.ts";
import { missing, type MissingQuantity } from "../quantity.ts";
import { withoutAssumptions } from "./assumptions.ts";
import { clientSums } from "./clientSums.ts";
import {
  bulkheadOf,
  clientsOf,
  isOfClients,
  isOnConsole,
  unreadConfiguration,
  whoConnects,
} from "./lineUse.ts";
import { slotSums } from "./slotSums.ts";
import { keyOf, mergedVerdicts, type SumVerdict } from "./sum.ts";

/**
 * Proves or refutes, from what is written alone, that no PgBouncer process may have to carry more
 * clients than it admits and no Postgres more connections than it has. `fits` only when every sum
 * holds for whatever is not known; the order of the input changes nothing.
 */
export function prove(system: System): Proof {
  const ordered = inOrder(system);
  const { sums, findings, ...verdicts } = allSums(ordered, new Set());
  const found = unique(findings, ({ rule, message, place }) =>
    JSON.stringify([rule, message, keyOf(place)]),
  );
  const missingInputs = eachOnce(verdicts.missing);
  const asked = new Set(missingInputs.map(questionKey));
  // What would be missing without it is what the verdict rests on, and no more.
  const strict = eachOnce(
    allSums(withoutAssumptions(ordered), new Set(sums.map(({ of }) => of))).missing,
  );
  return {
    verdict: verdictOf(ordered, sums, found, missingInputs),
    sums,
    findings: found,
    missing: missingInputs,
    assumptions: eachOnce([...strict, ...ordered.missing]).filter(
      (question) => question.assumed !== undefined && !asked.has(questionKey(question)),
    ),
    ...nothingIn(ordered, sums, missingInputs),
    notes: [...(hasNoPooler(ordered) ? [NO_POOLER] : []), ...ordered.notes, ...verdicts.notes],
  };
}

function allSums(system: System, demanded: ReadonlySet<string>): SumVerdict {
  return mergedVerdicts([
    ...system.poolers.map((pooler) => clientSums(pooler, system)),
    slotSums(system, demanded),
    { missing: [...system.missing.filter(isAsked), ...withoutPooler(system)] },
  ]);
}

/** Whether nothing is assumed in its place. */
function isAsked({ assumed }: MissingQuantity): boolean {
  return assumed === undefined;
}

function eachOnce(questions: readonly MissingQuantity[]): readonly MissingQuantity[] {
  return unique(questions, questionKey).toSorted((a, b) => byCodeUnit(textOf(a), textOf(b)));
}

function questionKey({ what, place, remedy }: MissingQuantity): string {
  return JSON.stringify([what, remedy, keyOf(place)]);
}

const NO_POOLER =
  "No PgBouncer was found. weir looks for a container whose image, command or arguments name " +
  "pgbouncer, with its ini in a ConfigMap, a Secret or its environment; for Pooler objects of " +
  "CloudNativePG and PgBouncer objects of KubeDB; and for the poolers of Zalando's, Crunchy's, " +
  "Percona's and StackGres' operators.";

function hasNoPooler({ poolers, unreadPoolers }: System): boolean {
  return poolers.length === 0 && unreadPoolers.length === 0;
}

/** Whether there is a line or a client that a sum is about. */
function isAnything({ poolers, clients }: System, sums: readonly Sum[]): boolean {
  const lines = poolers.flatMap(({ groups }) => groups.flatMap((group) => group.lines));
  return sums.length > 0 && lines.length + clients.length > 0;
}

function nothingIn(
  system: System,
  sums: readonly Sum[],
  missingInputs: readonly MissingQuantity[],
): Pick<Proof, "nothing"> {
  if (missingInputs.length > 0 || isAnything(system, sums)) return {};
  return {
    nothing: system.poolers.length === 0 ? "no PgBouncer found" : "no database line and no client",
  };
}

function verdictOf(
  system: System,
  sums: readonly Sum[],
  findings: readonly Finding[],
  missingInputs: readonly MissingQuantity[],
): Proof["verdict"] {
  if (findings.length > 0 || sums.some(({ verdict }) => verdict === "broken")) return "broken";
  const proved = missingInputs.length === 0 && isAnything(system, sums);
  return proved && sums.every(({ verdict }) => verdict === "fits") ? "fits" : "unknown";
}

/** A client of a pooler that is not among the objects is not proved to fit unknownDatabase. */
function withoutPooler({ poolers, clients }: System): readonly MissingQuantity[] {
  const names = new Set(poolers.map(({ name }) => name));
  return clients.flatMap(({ name, target }) => {
    if (target.kind !== "pooler" || names.has(target.pooler)) return [];
    const what = `the PgBouncer ${target.pooler} that ${name} connects to`;
    return missing(what, target.place, "verify its manifests too");
  });
}

function inOrder(system: System): System {
  return {
    poolers: sorted(system.poolers, ({ name }) => name).map((pooler) => ({
      ...pooler,
      groups: pooler.groups.map((group) => ({
        ...group,
        lines: sorted(group.lines, ({ name }) => name),
      })),
    })),
    clients: sorted(system.clients, clientKey),
    postgres: sorted(system.postgres, ({ address }) => address),
    unreadPoolers: system.unreadPoolers,
    missing: sorted(system.missing, textOf),
    notes: sorted(system.notes, (note) => note),
  };
}

/** Two pools of one container differ in where they connect to, or in what they are. */
function clientKey(client: Client): string {
  const { name, place, target, pool } = client;
  const numbers = [processesOf(client), pool].map((one) => (one.known ? one.value : one.what));
  const { place: _, ...where } = target;
  return JSON.stringify([name, where, keyOf(target.place), keyOf(place), numbers]);
}

function textOf({ what, place, remedy }: MissingQuantity): string {
  return `${objectOf(place)} ${formatPath(place.path)} ${what} ${remedy}`;
}

function sorted<T>(values: readonly T[], keyFor: (value: T) => string): readonly T[] {
  return values
    .map((value) => ({ value, key: keyFor(value) }))
    .toSorted((a, b) => byCodeUnit(a.key, b.key))
    .map(({ value }) => value);
}

function unique<T>(values: readonly T[], keyFor: (value: T) => string): readonly T[] {
  return [...new Map(values.map((value) => [keyFor(value), value])).values()];
}

/**
 * PgBouncers of which no client is among the objects, though a line of theirs admits any number:
 * no client among them is no proof that there is none. Who only reads the console (an exporter) is
 * no sign that the others are among the objects.
 */
export function unlistedClients(system: System): readonly MissingQuantity[] {
  return (
    system.poolers
      .filter((pooler) => pooler.isClosed !== true && clientsOf(pooler, system).every(isOnConsole))
      // What may be its clients, or its configuration, is asked about already; once that is answered,
      // this question comes back.
      .filter((pooler) => !system.missing.some((one) => isOfClients(one, pooler)))
      .filter(({ groups }) => groups.every((group) => unreadConfiguration(group) === undefined))
      .filter(({ groups }) =>
        groups.some(({ lines }) => lines.some((line) => bulkheadOf(line) === undefined)),
      )
      .map(whoConnects)
  );
}
