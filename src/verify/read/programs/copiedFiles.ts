import type { Knowledge } from "../../knowledge/knowledge.ts";
import type { Template } from "../../template.ts";
import {
  commandOf,
  isShell,
  mountAbove,
  type Container,
  type ContainerFile,
  type MountedVolume,
} from "../../workload.ts";
import { setCallsIn } from "./commands.ts";
import type { Field } from "../objects/field.ts";
import { shellCommands } from "./shell.ts";

/** Sources of a volume whose files the objects say. */
const OF_OBJECTS = ["configMap", "secret", "projected"];

/** Sources of a volume that is made for its pod, and empty. */
const EMPTY = ["emptyDir", "ephemeral"];

/**
 * A mount of a volume that no object fills.
 *
 * @param volume absent: a claim of the StatefulSet's templates
 */
export function otherVolume(
  mount: Field,
  volume: Field | undefined,
  path: string,
  subPath: string | undefined,
): readonly MountedVolume[] {
  if (OF_OBJECTS.some((source) => volume?.at(source).exists === true)) return [];
  const claim = volume?.text("persistentVolumeClaim", "claimName");
  const name = mount.text("name") ?? "";
  return [
    {
      name: claim === undefined ? `volume ${name}` : `PersistentVolumeClaim ${claim}`,
      path,
      place: mount.place(),
      volume: name,
      subPath: (subPath ?? "").replaceAll(/^\/+|\/+$/g, ""),
      isReadOnly: mount.at("readOnly").value === true,
      isEmpty: EMPTY.some((source) => volume?.at(source).exists === true),
    },
  ];
}

/** Where a file of a volume stands; undefined where the mount leaves it out. */
export function pathInContainer(path: string, mounted: string, within: string): string | undefined {
  const subPath = mounted.replace(/\/+$/, "");
  if (subPath === "") return `${path}/${within}`;
  if (within === subPath) return path;
  return within.startsWith(`${subPath}/`) ? path + within.slice(subPath.length) : undefined;
}

/**
 * The containers of a pod, with the files that its init containers copy into a volume of it. Of the
 * volumes those are left of which it is not known what they hold: an empty one that no other
 * container can write in holds what its container makes.
 */
export function withCopies(
  containers: readonly Container[],
  programs: Programs,
): readonly Container[] {
  return containers.map((container) => {
    const files = new Map(container.files.files);
    const volumes = (container.files.volumes ?? []).filter((mount) => {
      const copied = contentOf(mount, container, containers, programs);
      for (const [within, file] of copied ?? []) {
        const path = pathInContainer(mount.path, mount.subPath, within);
        // What is mounted at a path of its own covers it.
        if (path !== undefined && !files.has(path)) files.set(path, { ...file, path });
      }
      return copied === undefined;
    });
    return { ...container, files: { ...container.files, files, volumes } };
  });
}

type Programs = Knowledge["programs"];

type CopiedFiles = ReadonlyMap<string, ContainerFile>;

/** The files that the other containers put into a volume, by their path in it; undefined: unknown. */
function contentOf(
  { volume, isEmpty }: MountedVolume,
  container: Container,
  containers: readonly Container[],
  programs: Programs,
): CopiedFiles | undefined {
  if (!isEmpty) return undefined;
  const content = new Map<string, ContainerFile>();
  const isWritten = (one: Container): boolean =>
    (one.files.volumes ?? []).some((mount) => mount.volume === volume && !mount.isReadOnly);
  for (const other of containers.filter((one) => one !== container && isWritten(one))) {
    const copied = other.role === "init" ? copiesOf(other, volume, programs) : undefined;
    if (copied === undefined) return undefined;
    for (const [within, file] of copied) content.set(within, file);
  }
  return content;
}

/** What makes it depend on something whether, or what, a script copies. */
const NOT_PLAIN = /[<>|`$(){}?[\]~#]|(?<!&)&(?!&)|\b(?:if|for|while|until|case|eval|exec)\b/;

/** Files that an init container copies into a volume, where it does nothing but to copy known files. */
function copiesOf(
  container: Container,
  volume: string,
  programs: Programs,
): CopiedFiles | undefined {
  const calls = plainCalls(container, programs);
  if (calls === undefined) return undefined;
  const content = new Map<string, ContainerFile>();
  const folders = new Set<string>();
  for (const [program, ...words] of calls) {
    const paths = words.filter((word) => !word.startsWith("-"));
    if (program === "mkdir") for (const path of paths) folders.add(path.replace(/\/+$/, ""));
    if (program !== "cp") continue;
    const isKnown = words.every((word) => !word.startsWith("-") || /^-[LafprRv]+$/.test(word));
    const target = paths.pop();
    if (!isKnown || target === undefined || paths.length === 0) return undefined;
    const files = paths.map((path) => filesAt(path, container));
    const mounted = nearestMount(target.replace(/\/+$/, ""), container);
    if (mounted === undefined || mounted.volume !== volume) continue;
    const folder = target.replace(/\/+$/, "");
    const isFolder =
      target.endsWith("/") || folder === mounted.path || folders.has(folder) || paths.length > 1;
    if (!isFolder && paths.some((path) => path.endsWith("*"))) return undefined;
    if (files.includes(undefined)) return undefined;
    for (const file of files.flatMap((found) => found ?? [])) {
      const full = isFolder
        ? `${folder}/${file.path.slice(file.path.lastIndexOf("/") + 1)}`
        : folder;
      const below = full.slice(mounted.path.length + 1);
      content.set([mounted.subPath, below].filter((part) => part !== "").join("/"), file);
    }
  }
  return content;
}

/** The calls of a container that runs these programs alone, all of their words known. */
function plainCalls(
  container: Container,
  programs: Programs,
): readonly (readonly string[])[] | undefined {
  const { command, hooks = [] } = container;
  const words = commandOf(container);
  const [program, flag, script] = words;
  if (command.length === 0 || program === undefined || hooks.length > 0) return undefined;
  let calls: readonly (readonly Template[])[] = [words];
  if (isShell(program)) {
    const isInline = flag?.test(/^-[a-z]*c$/) === true && words.length === 3;
    if (!isInline || script?.known === undefined) return undefined;
    if (NOT_PLAIN.test(script.known.replaceAll("\\\n", " ")) || /\\(?!\n)/.test(script.known)) {
      return undefined;
    }
    calls = setCallsIn(shellCommands(script, [])).map((call) => call.words);
  }
  const read = calls.map((call) => call.flatMap((word) => word.known ?? []));
  const keepsFiles = (name: string): boolean =>
    programs.some((row) => row.keepsFiles === true && row.calls?.includes(name) === true);
  const isPlain = read.every(
    ([name = "", ...rest], at) =>
      rest.length === (calls[at]?.length ?? 0) - 1 &&
      (keepsFiles(name) || (name === "cp" && rest.every((word) => /^[-/]/.test(word)))),
  );
  return isPlain ? read : undefined;
}

/** The mounted file of a path, or those of `/folder/*`; undefined where one may be unknown. */
function filesAt(path: string, { files }: Container): readonly ContainerFile[] | undefined {
  if (!path.includes("*")) {
    const file = files.files.get(path);
    return file === undefined ? undefined : [file];
  }
  const folder = path.slice(0, -2);
  if (!path.endsWith("/*") || folder.includes("*")) return undefined;
  const isHidden = [...files.unknown, ...(files.volumes ?? [])].some(
    (mount) => mountAbove(folder, [mount]) ?? mount.path.startsWith(`${folder}/`),
  );
  const found = [...files.files.values()].filter((file) => file.path.startsWith(`${folder}/`));
  const isFlat = found.every((file) => !file.path.slice(folder.length + 1).includes("/"));
  return isHidden || found.length === 0 || !isFlat ? undefined : found;
}

/** The volume that a path of a container is in. */
function nearestMount(path: string, { files }: Container): MountedVolume | undefined {
  const above = (files.volumes ?? []).filter((mount) => mountAbove(path, [mount]) !== undefined);
  return above.toSorted((one, other) => other.path.length - one.path.length)[0];
}
