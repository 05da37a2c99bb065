/** The most names that a sentence lists before it counts the rest. */
const NAMES_MAX = 6;

/** `1 server`, `10 servers`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** `a`, `a and b`, `a, b and c`; of many the first ones and how many more there are. */
export function listed(names: readonly string[]): string {
  if (names.length > NAMES_MAX) {
    return `${names.slice(0, NAMES_MAX).join(", ")} and ${names.length - NAMES_MAX} more`;
  }
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}
