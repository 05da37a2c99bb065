import { listed } from "../../../text/wording.ts";
import { missing, type MissingQuantity } from "../../quantity.ts";
import type { ManifestObject } from "../../sourcePosition.ts";
import { Field } from "../objects/field.ts";
import { filesOf, foldersAbove, kustomizeLayer, joined } from "./kustomizations.ts";

/** What kustomizations apply and no file of these holds. */
interface UnreadResources {
  /** Of folders, which are bases: workloads stand in them. */
  readonly missing: readonly MissingQuantity[];
  /** Of single files and of what is elsewhere, such as definitions of kinds. */
  readonly assumed?: { readonly note: string; readonly question: MissingQuantity };
}

/** `https://…`, `git@…`, `github.com/owner/name//folder?ref=v1`. */
const REMOTE = /:\/\/|^git@|[?&]ref=|^(?!\.{1,2}\/)[\w-]+(?:\.[\w-]+)+\//;

/**
 * @param files all that was read, or could not be
 * @param excluded what was left out on purpose
 */
export function unreadResources(
  kustomizations: readonly ManifestObject[],
  files: ReadonlySet<string>,
  excluded: readonly string[],
): UnreadResources {
  const folders = new Set([...files].flatMap(foldersAbove));
  const isThere = (path: string): boolean =>
    path === "" || files.has(path) || folders.has(path) || isExcluded(path, excluded);
  const bases = new Map<string, MissingQuantity>();
  const others = new Map<string, ManifestObject>();
  for (const object of kustomizations) {
    const { folder = "" } = kustomizeLayer(object);
    for (const name of filesOf(object)) {
      const path = joined(folder, name);
      if (REMOTE.test(name) || /\.(?:ya?ml|json)$/.test(name)) {
        if (REMOTE.test(name)) others.set(name, object);
        else if (!isThere(path)) others.set(path, object);
      } else if (name !== "" && !isThere(path)) {
        const question = missing(
          `what kustomize makes of ${path}: ${object.file} names it, and it is not among the files`,
          Field.of(object).at("resources").place(),
          `give ${path} too, or what it makes: kubectl kustomize ${folder === "" ? "." : folder} | weir verify -`,
        );
        if (!bases.has(path)) bases.set(path, question);
      }
    }
  }
  const [first] = others.values();
  if (first === undefined) return { missing: [...bases.values()] };
  const which = listed([...others.keys()]);
  return {
    missing: [...bases.values()],
    assumed: {
      note: `Assuming that ${which} opens no connections: kustomizations name it, and it is not among the files`,
      question: missing(
        `what ${which} opens: kustomizations name it, and it is not among the files`,
        Field.of(first).at("resources").place(),
        "give what the kustomizations make instead: kubectl kustomize DIR | weir verify -",
      ),
    },
  };
}

function isExcluded(path: string, excluded: readonly string[]): boolean {
  return excluded.some((one) => {
    const whole = one.replace(/\/$/, "");
    return path === whole || path.startsWith(`${whole}/`) || whole.startsWith(`${path}/`);
  });
}
