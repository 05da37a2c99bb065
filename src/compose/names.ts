import { byCodeUnit } from "../text/order.ts";

/** What the things of a fleet are called in one compose project, which knows no namespaces. */
export function composeNames(namespaces: ReadonlySet<string>) {
  return {
    /** The project's name: that of the fleet's namespaces. It begins with a letter or digit, as they do. */
    project: [...namespaces].toSorted(byCodeUnit).join("_") || "weir",
    /** `scene`; with several namespaces in the fleet `scene.writing`, as DNS has it in a cluster. */
    service: (namespace: string, name: string) =>
      namespaces.size > 1 ? `${name}.${namespace}` : name,
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
