import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

import { binary } from "../binaries/catalog.ts";

/** How a run of kubectl ended. Warnings of the API server are in stderr, as `Warning: …`. */
export interface KubectlResult {
  /** The exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs kubectl; a failing kubectl is a result, not an exception. */
export type Kubectl = (args: readonly string[], stdin?: string) => Promise<KubectlResult>;

/**
 * A kubectl for one API server, without the preferences of the user who runs it. (The user's home
 * it knows: programs that a kubeconfig names to log in with may look there.)
 *
 * @param cacheDir a folder for what kubectl caches: in the user's own it would find, under the same
 *   address, what it learned about an earlier API server
 */
export async function kubectlFor(kubeconfigPath: string, cacheDir: string): Promise<Kubectl> {
  const program = await binary("kubectl");
  return async (args, stdin = "") => {
    const child = spawn(program, args, {
      env: {
        ...process.env,
        KUBECONFIG: kubeconfigPath,
        KUBECACHEDIR: cacheDir,
        KUBERC: "off",
      },
    });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    // A kubectl that never reads its stdin is none of the caller's concern.
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
    const [code, stdout, stderr] = await Promise.all([
      ended,
      text(child.stdout),
      text(child.stderr),
    ]);
    return { code, stdout, stderr };
  };
}
