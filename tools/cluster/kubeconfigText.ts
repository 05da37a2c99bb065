/** How a program reaches an API server, and as whom. */
interface KubeconfigContent {
  readonly url: string;
  /** Certificates to trust: base64 of PEM. */
  readonly caData: string;
  /** As in a kubeconfig: a token, or the paths of a certificate and its key. */
  readonly user: Readonly<Record<string, string>>;
}

/** A kubeconfig in JSON, which is YAML too. */
export function kubeconfigOf({ url, caData, user }: KubeconfigContent): string {
  const name = "weir-test";
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: url, "certificate-authority-data": caData } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}
