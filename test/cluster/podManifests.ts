/** Objects for tests whose pods run the pod program, as the restricted Pod Security wants them. */

interface PodOptions {
  readonly image: string;
  readonly args: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly port?: number;
}

/** Where a pod finds its own annotations. */
export const ANNOTATIONS_PATH = "/etc/podinfo/annotations";

function podTemplate({ image, args, labels, annotations = {}, port }: PodOptions) {
  const metadata = { labels, annotations };
  return {
    metadata,
    spec: {
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "main",
          image,
          args,
          ...(port !== undefined && {
            ports: [{ name: "http", containerPort: port }],
            readinessProbe: { httpGet: { path: "/", port }, periodSeconds: 1 },
          }),
          resources: { requests: { cpu: "10m", memory: "16Mi" } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          volumeMounts: [{ name: "podinfo", mountPath: "/etc/podinfo" }],
        },
      ],
      volumes: [
        {
          name: "podinfo",
          downwardAPI: {
            items: [{ path: "annotations", fieldRef: { fieldPath: "metadata.annotations" } }],
          },
        },
      ],
    },
  };
}

export function pod(name: string, namespace: string, options: PodOptions) {
  const { metadata, spec } = podTemplate(options);
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace, ...metadata }, spec };
}

export function deployment(
  name: string,
  namespace: string,
  { replicas, ...options }: PodOptions & { readonly replicas: number },
) {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      replicas,
      selector: { matchLabels: options.labels },
      template: podTemplate(options),
    },
  };
}

export function service(
  name: string,
  namespace: string,
  selector: Readonly<Record<string, string>>,
  targetPort: number,
) {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { selector, ports: [{ port: 80, targetPort }] },
  };
}
