import type { Kubectl } from "../../tools/cluster/kubectl.ts";

/** What a test makes in a cluster that others may use too. */
export interface Claims {
  /**
   * Says that the test makes these objects. `words` are what follows `kubectl get` and `delete`:
   * `namespace`, `writing`, or `--filename` and a folder.
   *
   * @throws when one of them is there: the test would change, and then remove, what is not its own
   */
  readonly claim: (...words: readonly string[]) => Promise<void>;
  /** Deletes all of them that are there, the last claimed first, and waits until they are gone. */
  readonly release: () => Promise<void>;
}

/** Nothing is claimed yet. */
export function claims(kubectl: Kubectl): Claims {
  const claimed: (readonly string[])[] = [];
  const done = async (...words: readonly string[]) => {
    const { code, stdout, stderr } = await kubectl([...words, "--ignore-not-found"]);
    if (code !== 0) throw new Error(`kubectl ${words.join(" ")} ended with ${code}: ${stderr}`);
    return stdout.trim().split("\n").join(", ");
  };
  return {
    claim: async (...words) => {
      const found = await done("get", "--output=name", ...words);
      if (found !== "") {
        throw new Error(
          `${found} is in the cluster already, and the test would change it: delete it if an ` +
            "earlier test left it there, else test on another cluster",
        );
      }
      claimed.push(words);
    },
    release: async () => {
      for (let words = claimed.pop(); words !== undefined; words = claimed.pop()) {
        await done("delete", "--wait", ...words);
      }
    },
  };
}
