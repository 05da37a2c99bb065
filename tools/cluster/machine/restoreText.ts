import type { Chain } from "./networkPolicies.ts";

/**
 * What `iptables-restore --noflush` takes to replace chains, all at once.
 *
 * @param before the chains that were there: those that are no more are removed
 */
export function restoreText(chains: readonly Chain[], before: readonly string[]): string {
  const names = chains.map(({ name }) => name);
  const gone = before.filter((name) => !names.includes(name));
  const lines = [
    "*mangle",
    // Naming a chain makes it, or empties it.
    ...[...names, ...gone].map((name) => `:${name} - [0:0]`),
    ...chains.flatMap(({ name, rules }) => rules.map((rule) => `-A ${name} ${rule}`)),
    ...gone.map((name) => `-X ${name}`),
    "COMMIT",
  ];
  return `${lines.join("\n")}\n`;
}
