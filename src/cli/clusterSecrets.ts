import type { Fleet } from "../api/fleet.ts";
import { credentialSecretNames } from "../credentials/credentials.ts";
import { secretKeyOf, type SecretData } from "../credentials/secret.ts";
import { EXIT, Failure, type Shell } from "./shell.ts";

/**
 * The Secrets of a fleet that are in the cluster of KUBECONFIG, by NAMESPACE/NAME.
 *
 * @throws Failure (failed) in one line, when the cluster does not tell
 */
export async function secretsInCluster(
  fleet: Fleet,
  { env, runtime }: Shell,
): Promise<ReadonlyMap<string, SecretData>> {
  // Loaded when it is needed: the library takes longer than any other command of weir.
  const [{ loadKubeconfig }, { connect }, { readSecrets }, { KubeError }] = await Promise.all([
    import("../kube/kubeconfig.ts"),
    import("../kube/client.ts"),
    import("../credentials/readSecrets.ts"),
    import("../kube/kubeError.ts"),
  ]);
  const names = credentialSecretNames(fleet);
  try {
    const client = connect(loadKubeconfig(env), runtime);
    try {
      const found = await readSecrets(client, names);
      return new Map(
        names.flatMap((name, index) => {
          const data = found[index];
          return data === undefined ? [] : [[secretKeyOf(name), data] as const];
        }),
      );
    } finally {
      await client.close();
    }
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    const instead = "without a cluster: --existing FILE, or --new";
    throw new Failure(EXIT.failed, `weir secrets: ${error.message} (${instead})`);
  }
}
