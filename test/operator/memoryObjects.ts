import type { Manifest } from "../../src/render/manifest.ts";
import { fieldOf, numberAt, textAt, type Fields } from "../../src/json/fields.ts";

/** Objects as an API server keeps them: each write is another version, of one count for all. */
export interface MemoryObjects {
  /** Of the last write. */
  readonly version: () => number;
  /** @param key `namespace/name` */
  readonly get: (plural: string, key: string) => Manifest | undefined;
  readonly all: (plural: string) => readonly Manifest[];
  /** Makes an object, or its next version; whoever follows is told. */
  readonly put: (plural: string, object: Fields) => Manifest;
  /**
   * Tells each write after a version, those of before first, as a line of a watch.
   *
   * @returns ends it
   */
  readonly follow: (plural: string, since: number, tell: (line: string) => void) => () => void;
}

const CREATED = "2026-11-26T09:00:00Z";

export function memoryObjects(): MemoryObjects {
  const objects = new Map<string, Map<string, Manifest>>();
  const told = new Map<string, { readonly version: number; readonly line: string }[]>();
  const followers = new Set<(plural: string, line: string) => void>();
  let version = 1000;

  const put = (plural: string, object: Fields): Manifest => {
    const metadata = fieldOf(object, "metadata");
    const key = `${textAt(metadata, "namespace")}/${textAt(metadata, "name")}`;
    const those = objects.get(plural) ?? new Map<string, Manifest>();
    const old = those.get(key);
    version += 1;
    const made = {
      uid: `uid-${plural}-${key}`,
      creationTimestamp: CREATED,
      generation: generationOf(object, old),
      resourceVersion: `${version}`,
    };
    // As it was sent: nobody else's object is kept.
    const stored: Manifest = JSON.parse(
      JSON.stringify({ ...object, metadata: { ...metadata, ...made } }),
    );
    objects.set(plural, those.set(key, stored));
    const line = JSON.stringify({ type: old ? "MODIFIED" : "ADDED", object: stored });
    const history = told.get(plural) ?? [];
    history.push({ version, line });
    told.set(plural, history);
    for (const follower of followers) follower(plural, line);
    return stored;
  };
  return {
    version: () => version,
    get: (plural, key) => objects.get(plural)?.get(key),
    all: (plural) => [...(objects.get(plural)?.values() ?? [])],
    put,
    follow: (plural, since, tell) => {
      for (const event of told.get(plural) ?? []) if (event.version > since) tell(event.line);
      const follower = (of: string, line: string) => {
        if (of === plural) tell(line);
      };
      followers.add(follower);
      return () => followers.delete(follower);
    },
  };
}

/** Another one with each change of what is wanted. */
function generationOf(object: Fields, old: Manifest | undefined): number {
  if (old === undefined) return 1;
  const before = numberAt(fieldOf(old, "metadata"), "generation") ?? 0;
  const isSame = JSON.stringify(old["spec"]) === JSON.stringify(object["spec"]);
  return isSame ? before : before + 1;
}
