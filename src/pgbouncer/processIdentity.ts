/**
 * Which addresses lead to one PgBouncer process. Each console of weir's has a name of its own, and
 * a process lists the consoles that are open in it: of two addresses that are asked in turn, the
 * later console finds the earlier one where both are in one process.
 *
 *   two addresses ── one lists the other's console ──▶ one process (sameProcessAs)
 *                                                        │          ▲
 *                            consoles opened anew land   │          │ they land
 *                            in two processes            ▼          │ in one again
 *                                                      once one process (previouslySameProcessAs)
 *                                                        │
 *                            one of the addresses goes   ▼
 *                                                      forgotten
 *
 * Behind a load balancer each new console lands where it may: two addresses that lead to two
 * processes now may lead to one in a minute, and while they do, the other process is not observed.
 * So two addresses that ever led to one process count as one, for as long as both are watched.
 */

/** The application_name of a console of weir's; no other client has it. */
export function consoleName(twelveHexDigits: string): string {
  return `weir-${twelveHexDigits}`;
}

/** The console of weir's that an application_name names; application_name_add_host adds to it. */
export function consoleIn(applicationName: string): string | undefined {
  return /^(weir-[0-9a-f]{12})(?: - .*)?$/.exec(applicationName)?.[1];
}

/** weir's consoles, as a program that asks a PgBouncer process knows them. */
export interface Consoles {
  /** The program's own names: of its open console, and those of the last minute. */
  readonly own: readonly string[];
  /** The consoles in the last answer of the process, including this one. */
  readonly listed: readonly string[];
}

/** Somewhere a PgBouncer answers, by its name. */
interface AnsweringAddress {
  readonly name: string;
  readonly consoles: Consoles;
}

/**
 * How long an old name counts: longer than the last observation stays when nothing answers, so that
 * two that open their consoles anew at the same time are not taken for two processes meanwhile.
 */
const CONSOLE_MEMORY_MS = 60_000;

/** The consoles of one address over time. */
export function consoleMemory() {
  const lastAnsweredMs = new Map<string, number>();
  let consoles: Consoles = { own: [], listed: [] };
  return {
    consoles: () => consoles,
    /** The console `own` was answered. */
    answered: (own: string, listed: readonly string[], atMs: number) => {
      lastAnsweredMs.set(own, atMs);
      for (const [name, lastMs] of lastAnsweredMs) {
        if (atMs - lastMs > CONSOLE_MEMORY_MS) lastAnsweredMs.delete(name);
      }
      consoles = { own: [...lastAnsweredMs.keys()], listed };
    },
  };
}

/**
 * Which of the addresses lead to the process of an earlier address in the list: by name, the name
 * of the earlier address.
 */
export function sameProcesses(addresses: readonly AnsweringAddress[]): ReadonlyMap<string, string> {
  return firstAlike(addresses, (a, b) => isOneProcess(a.consoles, b.consoles));
}

/** Of each that is like an earlier one, which that is. */
function firstAlike<A extends { readonly name: string }>(
  addresses: readonly A[],
  areAlike: (earlier: A, later: A) => boolean,
): ReadonlyMap<string, string> {
  const firsts: A[] = [];
  const alike = new Map<string, string>();
  for (const each of addresses) {
    const first = firsts.find((earlier) => areAlike(earlier, each));
    if (first === undefined) firsts.push(each);
    else alike.set(each.name, first.name);
  }
  return alike;
}

function isOneProcess(a: Consoles, b: Consoles): boolean {
  return (
    a.own.some((name) => b.listed.includes(name)) || b.own.some((name) => a.listed.includes(name))
  );
}

/** An address at which a PgBouncer is asked, whether or not it answers. */
export interface AskedAddress extends AnsweringAddress {
  /** Another one once something else is at that address. */
  readonly key: string;
  readonly isAvailable: boolean;
}

/** Remembers which addresses ever led to one process. */
export function processMemory() {
  const shared = new Map<string, ReadonlySet<string>>();
  return {
    /** Takes in how they are now, and forgets those that are gone. */
    note: (addresses: readonly AskedAddress[]) => {
      const available = addresses.filter(({ isAvailable }) => isAvailable);
      const keys = new Set(addresses.map(({ key }) => key));
      for (const key of shared.keys()) if (!keys.has(key)) shared.delete(key);
      for (const { key, consoles } of addresses) {
        const now = available.filter(
          (other) => other.key !== key && isOneProcess(consoles, other.consoles),
        );
        const before = [...(shared.get(key) ?? [])].filter((other) => keys.has(other));
        shared.set(key, new Set([...before, ...now.map((other) => other.key)]));
      }
    },
    /**
     * By name: the name of the address with which it shared a process at some time, an available
     * one if any is.
     */
    sharedWith: (addresses: readonly AskedAddress[]): ReadonlyMap<string, string> =>
      firstAlike(
        addresses.toSorted((a, b) => Number(b.isAvailable) - Number(a.isAvailable)),
        (earlier, later) => shared.get(later.key)?.has(earlier.key) === true,
      ),
  };
}
