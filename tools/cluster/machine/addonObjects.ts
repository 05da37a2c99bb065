import type { KubeObject } from "../../../src/kube/object.ts";

/** What differs between the programs that a cluster has from its start. */
interface AddonSpec {
  /** Of its Deployment, its ServiceAccount and its one container. */
  readonly place: { readonly name: string; readonly namespace: string };
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  readonly args: readonly string[];
  /** What answers when it is ready. */
  readonly ready: { readonly path: string; readonly port: number; readonly scheme?: "HTTPS" };
  readonly memory: string;
  /** The one folder that it has besides those of its image. */
  readonly folder: { readonly name: string; readonly path: string; readonly source: object };
  /** Whom its own pod asks for names; the cluster's DNS when absent. */
  readonly dnsPolicy?: "Default";
  readonly service: {
    readonly name: string;
    /** Any when absent. */
    readonly clusterIP?: string;
    readonly ports: readonly object[];
  };
}

/** One pod of a program, which has no privilege, and the Service that leads to it. */
export function addonWorkload(spec: AddonSpec): readonly AddonObject[] {
  const { place, labels, service } = spec;
  const { name: serviceName, ...serviceSpec } = service;
  return [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { ...place, labels },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec(spec) },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: serviceName, namespace: place.namespace, labels },
      spec: { selector: labels, ...serviceSpec },
    },
  ];
}

function podSpec({ place, image, args, ready, memory, folder, dnsPolicy }: AddonSpec): object {
  return {
    serviceAccountName: place.name,
    priorityClassName: "system-cluster-critical",
    ...(dnsPolicy !== undefined && { dnsPolicy }),
    containers: [
      {
        name: place.name,
        image,
        args,
        readinessProbe: { httpGet: ready, periodSeconds: 1, failureThreshold: 1 },
        resources: { requests: { cpu: "10m", memory } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        volumeMounts: [{ name: folder.name, mountPath: folder.path }],
      },
    ],
    volumes: [{ name: folder.name, ...folder.source }],
  };
}

/** An object that a cluster has from its start. */
export type AddonObject = KubeObject & {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
};
