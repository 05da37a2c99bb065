import type { Knowledge } from "../../knowledge/knowledge.ts";
import type { ManifestObject } from "../../sourcePosition.ts";
import { Field } from "./field.ts";

/** A Secret or a ConfigMap that a container mounts and that is not among the objects. */
interface Mount {
  /** Secret or ConfigMap. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  /** The files of it that the container gets; absent: all. */
  readonly files?: readonly string[];
}

/** Words of a folder or an object that holds certificates. */
const CERTIFICATES =
  /(?:^|[-_./])(?:m?tls|ssl|certs?|certificates?|pki|ca|ca-(?:bundle|certs?)|keystore|truststore|ssh)(?:[-_./]|$)/i;

/** Which mounts hold certificates, keys and tokens: knowledge/mounts.yaml. */
export class Mounts {
  readonly #paths: readonly string[];
  readonly #files: ReadonlySet<string>;
  readonly #objects: readonly ManifestObject[];
  #certificates: ReadonlySet<string> | undefined;

  constructor({ mounts }: Pick<Knowledge, "mounts">, objects: readonly ManifestObject[]) {
    this.#paths = mounts.flatMap(({ paths = [] }) => paths);
    this.#files = new Set(mounts.flatMap(({ files = [] }) => files));
    this.#objects = objects;
  }

  /** Whether the objects say that it holds keys alone: by where, by what, or by who makes it. */
  holdsKeys({ kind, namespace, name, path, files = [] }: Mount): boolean {
    return (
      this.#paths.some((one) => path === one || path.startsWith(`${one}/`)) ||
      (files.length > 0 && files.every((file) => this.#files.has(file))) ||
      (kind === "Secret" && this.#certificateSecrets().has(`${namespace}/${name}`))
    );
  }

  /** Whether its folder or its own name says that it holds certificates, which proves nothing. */
  mayHoldKeys({ name, path }: Mount): boolean {
    return CERTIFICATES.test(name) || CERTIFICATES.test(path);
  }

  /** Secrets that cert-manager writes, and that routes take their certificates from. */
  #certificateSecrets(): ReadonlySet<string> {
    this.#certificates ??= new Set(
      this.#objects.flatMap((object) => {
        const spec = Field.of(object).at("spec");
        const names = {
          Certificate: () => [spec.text("secretName")],
          Ingress: () => spec.items("tls").map((one) => one.text("secretName")),
          Gateway: () =>
            spec
              .items("listeners")
              .flatMap((one) => one.items("tls", "certificateRefs"))
              .map((one) => one.text("name")),
        }[object.kind];
        return (names?.() ?? []).map((name) => `${object.namespace}/${name}`);
      }),
    );
    return this.#certificates;
  }
}
