import { PODS_ANNOTATION } from "../../api/names.ts";
import { counted } from "../../text/wording.ts";
import { known } from "../quantity.ts";
import type { Products } from "../read/adapter.ts";
import { AddressBook, completed } from "../read/addresses.ts";
import { annotatedWhole } from "../read/annotations.ts";
import { connectedSystem } from "../read/readSystem.ts";
import { Inventory } from "../read/inventory.ts";
import { podPoolers } from "../read/pgbouncerPods.ts";
import { PostgresImages } from "../read/postgresImages.ts";
import { podPostgres } from "../read/postgresServers.ts";
import type { ManifestObject, SourcePosition } from "../sourcePosition.ts";
import type { System } from "../system.ts";
import { Template } from "../template.ts";
import type { Annotation, Argument, Workload } from "../workload.ts";
import { fileObject, type ComposeService } from "./composeFile.ts";

/** The key of a service's workload: `service author`. */
export function serviceKey(name: string): string {
  return `service ${name}`;
}

/**
 * The system of a compose file's services. Docker recreates a container in place, so that a service
 * has at most its replicas. On the project's network every port of a service is open.
 *
 * @param textOf the text of a file beside the compose file; undefined: not read
 */
export function composeSystem(
  file: string,
  services: readonly ComposeService[],
  { knowledge }: Products,
  textOf: (path: string) => string | undefined,
): System {
  const object = fileObject(file);
  const workloads = services.map((service) => workloadOf(object, service, textOf));
  const book = new AddressBook(new Inventory([], new Map()));
  const hostsOf = new Map(
    services.map(({ name, aliases }) => [serviceKey(name), [name, ...aliases]]),
  );
  for (const host of [...hostsOf.values()].flat()) book.addHostElsewhere(host);
  const poolers = workloads.flatMap((workload) => podPoolers(workload, knowledge));
  for (const { name, workload, ports } of poolers) {
    for (const host of hostsOf.get(workload?.key ?? "") ?? []) {
      book.addHost(host, ports, { kind: "pooler", name });
    }
  }
  const images = new PostgresImages(knowledge["postgres-images"]);
  const found = workloads.flatMap((workload) => podPostgres(workload, images));
  const servers = new Map(
    found.map((server) => {
      const { workload, ports, available } = server;
      const hosts = hostsOf.get(workload?.key ?? "") ?? [];
      const [address = "", ...aliases] = hosts.flatMap((host) =>
        ports.map((port) => completed(host, port, "")),
      );
      for (const host of hosts) book.addHost(host, ports, { kind: "postgres", address });
      return [server, { address, aliases, available }] as const;
    }),
  );
  const addressed = new Set(poolers.map(({ name }) => name));
  return connectedSystem({ workloads, poolers, servers, book, addressed, knowledge });
}

function workloadOf(
  object: ManifestObject,
  service: ComposeService,
  textOf: (path: string) => string | undefined,
): Workload {
  const at = (...path: readonly string[]): SourcePosition => ({
    object,
    path: ["services", service.name, ...path],
  });
  const words = (list: readonly string[], field: string): readonly Argument[] =>
    list.map((word) => ({ text: Template.of(word), place: at(field) }));
  const annotation = (name: string): Annotation | undefined => {
    const value = service.labels[name];
    return value === undefined ? undefined : { name, value, place: at("labels", name) };
  };
  const files = Object.entries(service.files).flatMap(([path, from]) => {
    const text = textOf(from);
    return text === undefined ? [] : [[path, { path, text, place: at("volumes"), from }] as const];
  });
  const replicas = known(service.replicas, counted(service.replicas, "replica"), at("deploy"));
  return {
    key: serviceKey(service.name),
    object,
    namespace: "",
    labels: new Map(),
    pods:
      annotatedWhole(annotation(PODS_ANNOTATION), "how many pods there can be", " pods") ??
      replicas,
    containers: [
      {
        name: service.name,
        place: at(),
        role: "app",
        image: service.image,
        imagePlace: at("image"),
        command: words(service.entrypoint, "entrypoint"),
        args: words(service.command, "command"),
        argsPlace: at("command"),
        environment: {
          variables: new Map(
            Object.entries(service.environment).map(([name, value]) => [
              name,
              { name, value: Template.of(value), place: at("environment", name) },
            ]),
          ),
          unknown: [],
        },
        files: { files: new Map(files), unknown: [] },
        ports: service.ports.map((port) => [`${port}`, port]),
      },
    ],
    annotation,
  };
}
