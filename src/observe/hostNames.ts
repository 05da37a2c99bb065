import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { UnavailableError } from "../model/observation.ts";

/**
 * The addresses of a host as seen from a namespace: a name without a dot is first looked for as a
 * Service there, since this process may live in another one.
 *
 * @throws UnavailableError when it has none
 */
export async function addressesOf(host: string, namespace: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const names = host.includes(".") ? [host] : [`${host}.${namespace}.svc`, host];
  for (const name of names) {
    try {
      const found = await lookup(name, { all: true });
      return [...new Set(found.map(({ address }) => address))].toSorted();
    } catch {
      // The next one, or the error below.
    }
  }
  throw new UnavailableError("HostNotFound", `there is no host ${names.join(" or ")}`);
}
