import { formatPath } from "../../api/fieldPath.ts";
import { objectOf } from "../sourcePosition.ts";
import type { Finding, Proof, Sum } from "./proof.ts";
import type { Client, MissingQuantity, PoolerGroup, System } from "../system.ts";
import { clientSums } from "./clientSums.ts";
import { byText } from "./lineUse.ts";
import { slotSums } from "./slotSums.ts";
import { keyOf, mergedTerms } from "./sum.ts";

/**
 * Proves or refutes, from what is written alone, that no PgBouncer process may have to carry more
 * clients than it admits and no Postgres more connections than it has. `fits` only when every sum
 * holds for whatever is not known; the order of the input changes nothing.
 */
export function prove(system: System): Proof {
  const ordered = inOrder(system);
  const { sums, findings, missing } = mergedTerms([
    ...ordered.poolers.map((pooler) => clientSums(pooler, ordered)),
    slotSums(ordered),
    { sums: [], findings: [], missing: [...ordered.missing, ...withoutPooler(ordered)] },
  ]);
  const found = unique(findings, ({ rule, message, place }) =>
    JSON.stringify([rule, message, keyOf(place)]),
  );
  const lacking = unique(missing, ({ what, place, tell }) =>
    JSON.stringify([what, tell, keyOf(place)]),
  ).toSorted((a, b) => byText(textOf(a), textOf(b)));
  return {
    verdict: verdictOf(ordered, sums, found, lacking),
    sums,
    findings: found,
    missing: lacking,
    notes: [...(ordered.poolers.length === 0 ? [NO_POOLER] : []), ...ordered.notes],
  };
}

const NO_POOLER =
  "No PgBouncer was found. weir looks for a container whose image, command or arguments name " +
  "pgbouncer, with its ini in a ConfigMap, a Secret or its environment; for Pooler objects of " +
  "CloudNativePG; and for the poolers of Zalando's and Crunchy's operators.";

function verdictOf(
  { poolers }: System,
  sums: readonly Sum[],
  findings: readonly Finding[],
  missing: readonly MissingQuantity[],
): Proof["verdict"] {
  if (findings.length > 0 || sums.some(({ verdict }) => verdict === "broken")) return "broken";
  const proved = poolers.length > 0 && missing.length === 0;
  return proved && sums.every(({ verdict }) => verdict === "fits") ? "fits" : "unknown";
}

/** A client of a pooler that is not among the objects is not proved to fit anywhere. */
function withoutPooler({ poolers, clients }: System): readonly MissingQuantity[] {
  const names = new Set(poolers.map(({ name }) => name));
  return clients.flatMap(({ name, target }) =>
    target.kind === "pooler" && !names.has(target.pooler)
      ? [
          {
            known: false,
            what: `the PgBouncer ${target.pooler} that ${name} connects to`,
            place: target.place,
            tell: "verify its manifests too",
          },
        ]
      : [],
  );
}

function inOrder(system: System): System {
  return {
    poolers: sorted(system.poolers, ({ name }) => name).map((pooler) => ({
      ...pooler,
      groups: pooler.groups.map(withSortedLines),
    })),
    clients: sorted(system.clients, clientKey),
    postgres: sorted(system.postgres, ({ address }) => address),
    missing: system.missing,
    notes: sorted(system.notes, (note) => note),
  };
}

function withSortedLines(group: PoolerGroup): PoolerGroup {
  return { ...group, lines: sorted(group.lines, ({ name }) => name) };
}

/** Two pools of one container differ in where they connect to, or in what they are. */
function clientKey({ name, place, target, processes, pool }: Client): string {
  const figures = [processes, pool].map((figure) => (figure.known ? figure.value : figure.what));
  const { place: _, ...where } = target;
  return JSON.stringify([name, where, keyOf(target.place), keyOf(place), figures]);
}

function textOf({ what, place, tell }: MissingQuantity): string {
  return `${objectOf(place)} ${formatPath(place.path)} ${what} ${tell}`;
}

function sorted<T>(values: readonly T[], keyFor: (value: T) => string): readonly T[] {
  return values
    .map((value) => ({ value, key: keyFor(value) }))
    .toSorted((a, b) => byText(a.key, b.key))
    .map(({ value }) => value);
}

function unique<T>(values: readonly T[], keyFor: (value: T) => string): readonly T[] {
  return [...new Map(values.map((value) => [keyFor(value), value])).values()];
}
