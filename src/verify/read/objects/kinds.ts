import type { Knowledge } from "../../knowledge/knowledge.ts";
import type { ManifestObject } from "../../sourcePosition.ts";

/** The API group; "" for the core's. */
export function groupOf({ apiVersion }: ManifestObject): string {
  const slash = apiVersion.indexOf("/");
  return slash === -1 ? "" : apiVersion.slice(0, slash);
}

/** The kind with its API group: `apps/Deployment`, `/Service`. */
export function kindOf(object: ManifestObject): string {
  return `${groupOf(object)}/${object.kind}`;
}

/** What is known of the objects of a kind. */
export type KindRow = Knowledge["kinds"][number];

/** The table of kinds: see knowledge/kinds.yaml. */
export class Kinds {
  readonly #byKind: ReadonlyMap<string, KindRow>;
  readonly #byGroup: ReadonlyMap<string, KindRow>;

  constructor({ kinds }: Pick<Knowledge, "kinds">) {
    const all = kinds.flatMap((row) => row.groups.map((group) => ({ group, row })));
    this.#byKind = new Map(
      all.flatMap(({ group, row }) =>
        (row.kinds ?? []).map((kind) => [`${group}/${kind}`, row] as const),
      ),
    );
    this.#byGroup = new Map(
      all.flatMap(({ group, row }) => (row.kinds === undefined ? [[group, row]] : [])),
    );
  }

  /** The row of an object's kind, else of its group, else of the groups that it belongs to. */
  rowOf(object: ManifestObject): KindRow | undefined {
    const group = groupOf(object);
    const own = this.#byKind.get(kindOf(object)) ?? this.#byGroup.get(group);
    if (own !== undefined) return own;
    const labels = group.split(".");
    for (let first = 1; first < labels.length; first += 1) {
      const row = this.#byGroup.get(`*.${labels.slice(first).join(".")}`);
      if (row !== undefined) return row;
    }
    return undefined;
  }
}
