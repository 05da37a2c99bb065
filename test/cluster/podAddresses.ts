import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Addresses for pods: of 127.0.0.0/8, all of which is this machine, so that a test's processes can
 * listen on, and connect from, exactly the address that the API server tells of a pod.
 */
export interface PodAddresses {
  /**
   * The address of a pod: the same one each time, also for a pod that is made anew under its
   * name, as those of a StatefulSet are; never that of another.
   *
   * @param key `namespace/name`
   */
  readonly of: (key: string) => string;
  /** Lets others have the range. */
  readonly release: () => Promise<void>;
}

/** Who holds this port on the last address of a range has the range; the kernel keeps count. */
const CLAIM_PORT = 11_999;
/** 127.0.x.y is everybody's. */
const FIRST_RANGE = 1;
const LAST_RANGE = 250;
const ADDRESSES_IN_RANGE = 250 * 250;

/** Takes a range 127.n.0.0/16 that no other process of this machine has. */
export async function claimPodAddresses(): Promise<PodAddresses> {
  const ranges = LAST_RANGE - FIRST_RANGE + 1;
  const start = Math.floor(Math.random() * ranges);
  for (let tries = 0; tries < ranges; tries++) {
    const range = FIRST_RANGE + ((start + tries) % ranges);
    const release = await claim(`127.${range}.255.254`);
    if (release !== undefined) return addressesOf(range, release);
  }
  throw new Error(`all ${ranges} ranges of 127.0.0.0/8 are taken by other tests`);
}

function addressesOf(range: number, release: () => Promise<void>): PodAddresses {
  const given = new Map<string, string>();
  return {
    of: (key) => {
      const known = given.get(key);
      if (known !== undefined) return known;
      const index = given.size;
      if (index >= ADDRESSES_IN_RANGE) throw new Error(`127.${range}.0.0/16 has no address left`);
      const address = `127.${range}.${1 + Math.floor(index / 250)}.${1 + (index % 250)}`;
      given.set(key, address);
      return address;
    },
    release,
  };
}

async function claim(address: string): Promise<(() => Promise<void>) | undefined> {
  const server = createServer().listen(CLAIM_PORT, address);
  try {
    await once(server, "listening");
  } catch {
    return undefined;
  }
  // It keeps no process from ending, and ends with it.
  server.unref();
  return async () => {
    server.close();
    await once(server, "close");
  };
}
