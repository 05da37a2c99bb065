import { access, constants } from "node:fs/promises";
import { join } from "node:path";

/** What envtest's folder of binaries holds. */
const ASSETS = ["etcd", "kube-apiserver", "kubectl"];

/**
 * The path of a binary in the folder that `KUBEBUILDER_ASSETS` names, by envtest's convention:
 * whoever has these binaries need not build them. `undefined` when the variable is not set, or the
 * folder never holds such a binary.
 *
 * @throws when the variable is set, but the folder has no such executable
 */
export async function kubebuilderAsset(name: string): Promise<string | undefined> {
  const { KUBEBUILDER_ASSETS } = process.env;
  if (!KUBEBUILDER_ASSETS || !ASSETS.includes(name)) return undefined;
  const path = join(KUBEBUILDER_ASSETS, name);
  try {
    await access(path, constants.X_OK);
  } catch (cause) {
    throw new Error(
      `KUBEBUILDER_ASSETS is set, but ${path} is no executable file: ` +
        "unset it to build the binaries, or point it at a folder with etcd, kube-apiserver and kubectl",
      { cause },
    );
  }
  return path;
}
