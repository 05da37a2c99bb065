import { byCodeUnit } from "../text/order.ts";

/** A budget or server, as far as its names in compose go. */
interface Named {
  readonly metadata: { readonly namespace: string; readonly name: string };
}

/** What the things of a fleet are called in one compose project, which knows no namespaces. */
export interface ComposeNames {
  /** The project's name: that of the fleet's namespaces. */
  readonly project: string;
  /** `scene`; with several namespaces in the fleet `scene.writing`, as DNS has it in a cluster. */
  readonly service: (namespace: string, name: string) => string;
}

/** The names of a fleet's objects. */
export function composeNames(objects: readonly Named[]): ComposeNames {
  const namespaces = [...new Set(objects.map(({ metadata }) => metadata.namespace))];
  return {
    // A project's name begins with a letter or digit, as a namespace does.
    project: namespaces.toSorted(byCodeUnit).join("_") || "weir",
    service: (namespace, name) => (namespaces.length > 1 ? `${name}.${namespace}` : name),
  };
}

/** Gives each owner a name for its variables in the .env file, no two the same. */
export function variablePrefixes(owners: readonly string[]): (owner: string) => string {
  const prefixes = new Map<string, string>();
  const taken = new Set<string>();
  for (const owner of [...new Set(owners)].toSorted(byCodeUnit)) {
    const plain = owner
      .toUpperCase()
      .replaceAll(/[^A-Z0-9]/g, "_")
      .replace(/^(?![A-Z])/, "_");
    let prefix = plain;
    for (let number = 2; taken.has(prefix); number++) prefix = `${plain}_${number}`;
    taken.add(prefix);
    prefixes.set(owner, prefix);
  }
  return (owner) => prefixes.get(owner) ?? owner;
}

/** Where a file of a Secret lies in the folder. */
export function secretPath(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  key: string,
): string {
  return `secrets/${namespace}/${name}/${key}`;
}
