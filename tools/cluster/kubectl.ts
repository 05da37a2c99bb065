import { binary } from "../binaries/catalog.ts";
import { runToEnd, type EndedProcess } from "../processes/runToEnd.ts";

/** Runs kubectl. Warnings of the API server are in stderr, as `Warning: …`. */
export type Kubectl = (args: readonly string[], stdin?: string) => Promise<EndedProcess>;

/**
 * A kubectl for one API server, without the preferences of the user who runs it. (The user's home
 * it knows: programs that a kubeconfig names to log in with may look there.)
 *
 * @param cacheDir a folder for what kubectl caches: in the user's own it would find, under the same
 *   address, what it learned about an earlier API server
 */
export async function kubectlFor(kubeconfigPath: string, cacheDir: string): Promise<Kubectl> {
  const program = await binary("kubectl");
  const env = {
    ...process.env,
    KUBECONFIG: kubeconfigPath,
    KUBECACHEDIR: cacheDir,
    KUBERC: "off",
  };
  return (args, stdin = "") => runToEnd(program, args, { env, stdin });
}
