import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { KubeConfig, loadYaml, type User } from "@kubernetes/client-node";
import { itemsOf, textAt } from "../json/fields.ts";
import { KubeError } from "./refusal.ts";

const SERVICE_ACCOUNT_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/**
 * The cluster that kubectl would talk to: that of KUBECONFIG (several files: the first that names
 * a thing counts), else of ~/.kube/config, else the cluster that this process runs in. A loader of our
 * own, since the library's takes http://localhost:8080 when there is none, and the last file's
 * context when there are several.
 *
 * @throws KubeError when there is none, or its file can't be read
 */
export function loadKubeconfig(env: Readonly<Record<string, string | undefined>>): KubeConfig {
  const listed = (env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  const paths = listed.length > 0 ? listed : [join(env["HOME"] ?? homedir(), ".kube", "config")];
  const present = paths.filter((path) => existsSync(path));
  if (present.length > 0) return merged(present);
  if (listed.length > 0)
    throw new KubeError(`KUBECONFIG names no file that is there: ${listed.join(", ")}`);
  if (!existsSync(SERVICE_ACCOUNT_TOKEN)) {
    throw new KubeError(
      "no cluster is configured: KUBECONFIG is not set, and there is no ~/.kube/config",
    );
  }
  const config = new KubeConfig();
  config.loadFromCluster();
  return config;
}

function merged(paths: readonly string[]): KubeConfig {
  const configs = paths.map(readKubeconfig);
  const config = new KubeConfig();
  config.clusters = firstOfEach(configs.flatMap(({ clusters }) => clusters));
  config.users = firstOfEach(configs.flatMap(({ users }) => users));
  config.contexts = firstOfEach(configs.flatMap(({ contexts }) => contexts));
  config.currentContext = configs.map((each) => each.currentContext).find(Boolean) ?? "";
  if (config.currentContext === "") {
    throw new KubeError(`${paths.join(", ")}: no current-context (kubectl config use-context)`);
  }
  if (config.getCurrentCluster() === null) {
    throw new KubeError(
      `${paths.join(", ")}: current-context ${config.currentContext} names no cluster that is there`,
    );
  }
  return config;
}

function readKubeconfig(path: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromFile(path);
    config.users = withTokenFiles(config.users, path);
  } catch (cause) {
    // The parser's message shows the lines around the mistake, and keys and tokens are among them.
    throw new KubeError(`${path} is not a kubeconfig that can be read`, { cause });
  }
  return config;
}

/** The library does not know `tokenFile`, the same thing as in a cluster: read again and again. */
function withTokenFiles(users: readonly User[], path: string): User[] {
  const document: unknown = loadYaml(readFileSync(path, "utf8"));
  const written = itemsOf(document, "users");
  return users.map((user) => {
    const entry = written.find(({ name }) => name === user.name);
    const said = textAt(entry, "user", "tokenFile");
    if (said === undefined) return user;
    const tokenFile = resolve(dirname(path), said);
    // Where both are given, the file counts.
    const { token: _, ...others } = user;
    return { ...others, authProvider: { name: "tokenFile", config: { tokenFile } } };
  });
}

function firstOfEach<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return items.filter((item, index) => items.findIndex(({ name }) => name === item.name) === index);
}
