/**
 * The network that addresses of one cluster's pods have in common, as far as an address alone tells:
 * the first 16 bits of an IPv4 address (a cluster's pods have a /16 or less by default), the first
 * 48 of an IPv6 address. Undefined for what is no address (`unix`), and for this machine's own.
 */
export function networkOf(address: string): string | undefined {
  const [, high, low] = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(address) ?? [];
  if (high !== undefined) return high === "127" ? undefined : `${high}.${low}`;
  if (!address.includes(":") || address === "::1") return undefined;
  const [head = "", tail] = address.split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  const zeros = tail === undefined ? [] : ["0", "0", "0"];
  return [...groups, ...zeros].slice(0, 3).join(":");
}
