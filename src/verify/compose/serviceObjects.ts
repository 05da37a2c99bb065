import type { AuditObject } from "../sourcePosition.ts";
import type { ComposeService } from "./composeFile.ts";

/** The namespace of the objects that stand for services. */
const NAMESPACE = "compose";
/** Before each name of a service, on its pods. */
const NAMED = "compose.name/";
/** On the project's networks every port of a service is reached; these are asked for most. */
const USUAL_PORTS = [5432, 6432];

/**
 * Services as Kubernetes objects, so that manifests/ reads what their pools are set to as it reads
 * a cluster's: for each a Deployment that is recreated, with a ConfigMap of the files that were
 * read for it; for each name, which several may have, a Service.
 *
 * @param textOf the text of a file beside the compose file; undefined: not read
 */
export function serviceObjects(
  file: string,
  services: readonly ComposeService[],
  textOf: (path: string) => string | undefined,
): readonly AuditObject[] {
  const names = new Set(services.flatMap(namesOf));
  const ports = [...new Set([...services.flatMap((service) => service.ports), ...USUAL_PORTS])];
  return [
    ...services.flatMap((service) => {
      const files = Object.entries(service.files).flatMap(([target, path], index) => {
        const text = textOf(path);
        return text === undefined ? [] : [{ target, text, name: `${service.name}-${index}` }];
      });
      return [
        object(file, "apps/v1", "Deployment", service.name, deployment(service, files, names)),
        ...files.map(({ name, text }) =>
          object(file, "v1", "ConfigMap", name, { data: { file: text } }),
        ),
      ];
    }),
    ...[...names].map((name) => {
      const spec = {
        selector: { [`${NAMED}${name}`]: "yes" },
        ports: ports.map((port) => ({ name: `p${port}`, port, targetPort: port })),
      };
      return object(file, "v1", "Service", inNamespace(name), { spec });
    }),
  ];
}

function namesOf({ name, aliases }: ComposeService): readonly string[] {
  return [name, ...aliases];
}

/** A name with dots would be one of another namespace. */
function inNamespace(name: string): string {
  return name.replaceAll(".", "-dot-");
}

/** The service that such an object stands for; undefined for one of a cluster. */
export function serviceOf({ kind, namespace, name }: AuditObject): string | undefined {
  return kind === "Deployment" && namespace === NAMESPACE ? name : undefined;
}

function deployment(
  service: ComposeService,
  files: readonly { readonly target: string; readonly name: string }[],
  names: ReadonlySet<string>,
): Record<string, unknown> {
  const labels = Object.fromEntries(namesOf(service).map((name) => [`${NAMED}${name}`, "yes"]));
  const dotted = [...names]
    .filter((name) => name.includes("."))
    .toSorted((a, b) => b.length - a.length);
  const plain = (text: string) =>
    dotted.reduce((all, name) => all.replaceAll(name, inNamespace(name)), text);
  const container = {
    name: service.name,
    image: service.image,
    ...(service.entrypoint.length > 0 && { command: service.entrypoint }),
    ...(service.command.length > 0 && { args: service.command }),
    env: Object.entries(service.environment).map(([name, value]) => ({
      name,
      // Kubernetes would take $(NAME) for a variable.
      value: plain(value).replaceAll("$(", "$$$$("),
    })),
    ports: service.ports.map((containerPort) => ({ containerPort })),
    volumeMounts: files.map(({ target, name }) => ({ name, mountPath: target, subPath: "file" })),
  };
  const volumes = files.map(({ name }) => ({ name, configMap: { name } }));
  return {
    spec: {
      replicas: service.replicas,
      strategy: { type: "Recreate" },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations: service.labels },
        spec: { containers: [container], volumes },
      },
    },
  };
}

function object(
  file: string,
  apiVersion: string,
  kind: string,
  name: string,
  fields: Record<string, unknown>,
): AuditObject {
  const metadata = { name, namespace: NAMESPACE };
  return {
    file,
    kind,
    apiVersion,
    name,
    namespace: NAMESPACE,
    value: { apiVersion, kind, metadata, ...fields },
    // It is made of a service: where that stands nobody asks.
    positionOf: () => ({ line: 1, column: 1 }),
  };
}
