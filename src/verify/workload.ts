import type { Quantity } from "./quantity.ts";
import type { ManifestObject, SourcePosition } from "./sourcePosition.ts";
import { Template } from "./template.ts";

/**
 * What runs containers: a workload of Kubernetes (read/workloads.ts), or a service of a compose file
 * (compose/composeSystem.ts). Whatever reads connections reads them from a Workload.
 */
export interface Workload {
  /** `Deployment writing/author`, `service author`. */
  readonly key: string;
  readonly object: ManifestObject;
  /** The namespace in which its host names are resolved; "" if names mean the same everywhere. */
  readonly namespace: string;
  /** The host that is the same to others as its own loopback; absent: nobody else reaches that. */
  readonly loopback?: string;
  /** Its pods have the network of their nodes: what listens there is at their loopback too. */
  readonly isOnHost?: true;
  /** Labels of its pods. */
  readonly labels: ReadonlyMap<string, string>;
  /** The most pods of it that can hold connections at once. */
  readonly pods: Quantity;
  /** Where pods are numbered, as those of a StatefulSet: the number of the first. */
  readonly firstOrdinal?: number;
  /** In the order they start: init containers first. */
  readonly containers: readonly Container[];
  /** What is said of it, beside what its containers have. */
  readonly needs?: readonly NeededHost[];
  /** From a flag, the pods' template or the object. */
  readonly annotation: (name: string) => Annotation | undefined;
}

/** A host that must be there for a program to work, as its command or a compose file says. */
export interface NeededHost {
  readonly host: string;
  /** Absent: not said. */
  readonly port?: number | undefined;
  readonly place: SourcePosition;
  /** What says so, after the host: `for which it waits`. */
  readonly how: string;
}

/** An annotation and where it stands. */
export interface Annotation {
  readonly name: string;
  readonly value: string;
  readonly place: SourcePosition;
}

export interface Container {
  readonly name: string;
  readonly place: SourcePosition;
  /** `init`: it ends before the others start; `sidecar`: an init container that keeps running. */
  readonly role: "init" | "sidecar" | "app";
  readonly image: string;
  readonly imagePlace: SourcePosition;
  /** Instead of the image's entrypoint. */
  readonly command: readonly Argument[];
  /** Instead of the image's arguments. */
  readonly args: readonly Argument[];
  /** The list of arguments, else the command, else the container. */
  readonly argsPlace: SourcePosition;
  /** What it runs besides, once it has started. */
  readonly hooks?: readonly Argument[];
  /** By which it is found out whether it works. */
  readonly checks?: readonly Argument[];
  readonly environment: Environment;
  readonly files: ContainerFiles;
  /** The path of its PgBouncer's ini, which the command line gives. */
  readonly pgbouncerIni?: string;
  /** What its program opens, where it is known by what it is; an annotation goes before it. */
  readonly program?: { readonly processes: Quantity; readonly pool: Quantity };
  /** Name (or the number as text) and number of each port that it names. */
  readonly ports: readonly (readonly [name: string, port: number])[];
}

/** A word of a command, its variables put in. */
export interface Argument {
  readonly text: Template;
  readonly place: SourcePosition;
}

/** A variable of a container. */
export interface Variable {
  readonly name: string;
  readonly value: Template;
  /** Its position in the container. */
  readonly place: SourcePosition;
  /** Where the value stands, if in another object. */
  readonly from?: SourcePosition;
}

export type EnvironmentVariables = ReadonlyMap<string, Variable>;

export interface Environment {
  readonly variables: EnvironmentVariables;
  /** What more variables come from and is not among the objects. */
  readonly unknown: readonly HiddenSource[];
}

/** What gives a container variables or files that are not among the objects. */
export interface HiddenSource {
  /** `Secret writing/app`, `Vault Agent Injector`. */
  readonly name: string;
  readonly place: SourcePosition;
  /** A program that no manifest makes to be read, as opposed to an object that can be given. */
  readonly isProgram?: boolean;
}

export interface HiddenMount extends HiddenSource {
  readonly path: string;
  /** Its names are those of certificates, which proves nothing. */
  readonly mayHoldKeys?: boolean;
  /** The one password or key that is in it: a login of something, and no address. */
  readonly login?: string;
}

/** A file that a container gets from outside its image. */
export interface ContainerFile {
  readonly path: string;
  readonly text: string;
  /** Where the text stands. */
  readonly place: SourcePosition;
  /** `ConfigMap writing/app app.yaml`. */
  readonly from: string;
}

export interface ContainerFiles {
  /** By path. */
  readonly files: ReadonlyMap<string, ContainerFile>;
  /** Mounts whose content is not among the objects. */
  readonly unknown: readonly HiddenMount[];
  /** Files that its program may read: they count only where nothing else says where it connects. */
  readonly asides?: readonly ContainerFile[];
  /** Volumes that no object fills, and that something else may have filled. */
  readonly volumes?: readonly MountedVolume[];
}

/** A volume in a container that takes no file from an object: a claim, a folder of the node. */
export interface MountedVolume extends HiddenMount {
  /** The volume's name in its pod. */
  readonly volume: string;
  /** The folder or file of the volume that is mounted; "" is all of it. */
  readonly subPath: string;
  readonly isReadOnly: boolean;
  /** It is empty when the pod starts. */
  readonly isEmpty: boolean;
}

/** The first of these mounts that a path is in, or is itself. */
export function mountAbove<One extends HiddenMount>(
  path: string,
  mounts: readonly One[] = [],
): One | undefined {
  return mounts.find((mount) => path === mount.path || path.startsWith(`${mount.path}/`));
}

/** Containers that run as long as the pod: not those that only prepare it. */
export function runningContainers({ containers }: Workload): readonly Container[] {
  return containers.filter(({ role }) => role !== "init");
}

/** Whether an annotation of its pods as a whole can only mean this one: it is the only container. */
export function hasOneContainer({ containers }: Workload): boolean {
  return containers.length === 1;
}

/** Command and arguments, as far as they are written. */
export function commandOf({ command, args }: Container): readonly Template[] {
  return [...command, ...args].map(({ text }) => text);
}

/** Command and arguments as one text. */
export function commandLine(container: Container, separator = " "): Template {
  return Template.join(commandOf(container), separator);
}

/** Whether a program runs the script that is its argument. */
export function isShell(program: Template): boolean {
  return program.test(/(?:^|\/)(?:ba|da|a)?sh$/);
}

/** The image without its tag and digest: `docker.io/edoburu/pgbouncer`. */
function imagePath({ image }: Pick<Container, "image">): string {
  return image.replace(/@.*$/, "").replace(/:[^/]*$/, "");
}

/** The last part of an image's path: `pgbouncer`. */
export function imageName(container: Pick<Container, "image">): string {
  const path = imagePath(container);
  return path.slice(path.lastIndexOf("/") + 1);
}
