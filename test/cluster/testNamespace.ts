import type { Cluster } from "./cluster.ts";

/** A namespace that a test has for itself. */
export interface TestNamespace {
  /**
   * Runs kubectl in the namespace.
   *
   * @returns what it wrote to stdout
   * @throws with what it wrote to stderr, when it fails
   */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** Applies objects, of which every field has to be known. */
  readonly apply: (...items: readonly object[]) => Promise<void>;
}

/** Makes one, in which only pods that are restricted run; it goes with the cluster's claims. */
export async function namespaceOfTest(cluster: Cluster, name: string): Promise<TestNamespace> {
  const run = async (args: readonly string[], stdin?: string) => {
    const { code, stdout, stderr } = await cluster.kubectl(args, stdin);
    if (code === 0) return stdout;
    throw new Error(`kubectl ${args.join(" ")} ended with ${code}: ${stderr.trim()}`);
  };
  const apply = async (...items: readonly object[]) => {
    const list = { apiVersion: "v1", kind: "List", items };
    await run(["apply", "--validate=strict", "--filename=-"], JSON.stringify(list));
  };
  await cluster.claim("namespace", name);
  await apply({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
  });
  // Until its ServiceAccount is there, pods are Forbidden.
  await run(["wait", "--for=create", "--timeout=300s", "serviceaccount/default", "-n", name]);
  return { kubectl: (...args) => run(["--namespace", name, ...args]), apply };
}
