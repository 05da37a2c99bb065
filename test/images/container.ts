import { randomUUID } from "node:crypto";

import { atTheEnd } from "../../tools/processes/atTheEnd.ts";
import { type RunningProcess, runProcess, startProcess } from "../../tools/processes/processes.ts";
import { type ImageName, imageOf } from "../../tools/images/catalog.ts";
import { docker, dockerAnswers } from "../../tools/processes/docker.ts";
import { imageArchive } from "../../tools/images/imageArchive.ts";
import { imageRoot } from "./imageRoot.ts";

/** How to run an image: as its own user, on a root file system that nobody can write to. */
export interface ContainerSpec {
  readonly image: ImageName;
  /** A program in place of the image's entrypoint and its arguments. */
  readonly program?: string;
  readonly args: readonly string[];
  /** Variables on top of the image's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Files and folders of this machine, by their path in the container, which can't write them. */
  readonly mounts?: Readonly<Record<string, string>>;
  /** Empty folders that the container can write to, beside /tmp. */
  readonly writable?: readonly string[];
}

/** A container that runs, on this machine's network. */
export interface RunningContainer {
  readonly process: RunningProcess;
  readonly stop: () => Promise<void>;
}

/** Runs a program of an image to its end. @returns what it wrote @throws with it if it fails */
export async function runContainer(spec: ContainerSpec): Promise<string> {
  return runProcess(await commandOf(spec, `weir-test-${randomUUID()}`));
}

/** Starts an image: by Docker where there is one, else unpacked. It ends with this process. */
export async function startContainer(spec: ContainerSpec): Promise<RunningContainer> {
  const name = `weir-test-${randomUUID()}`;
  const command = await commandOf(spec, name);
  // Docker's containers are no children of whoever starts them.
  const remove = (await dockerAnswers()) && atTheEnd("docker", "rm", "--force", name);
  const process = await startProcess(command);
  const stop = async () => {
    if (remove) await remove();
    await process.stop("SIGKILL");
  };
  return { process, stop };
}

type ContainerCommand = { readonly command: string; readonly args: readonly string[] };

async function commandOf(spec: ContainerSpec, name: string): Promise<ContainerCommand> {
  return (await dockerAnswers()) ? dockerRun(spec, name) : inOwnRoot(spec);
}

async function dockerRun(spec: ContainerSpec, name: string): Promise<ContainerCommand> {
  const { image, program, args, env = {}, mounts = {}, writable = [] } = spec;
  // Docker may not know it: its archive may have been built earlier.
  await docker("load", "--quiet", "--input", await imageArchive(image));
  const options = [
    "--rm",
    `--name=${name}`,
    "--read-only",
    "--network=host",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    ...["/tmp", ...writable].map((path) => `--tmpfs=${path}:mode=1777`),
    ...Object.entries(env).map(([variable, value]) => `--env=${variable}=${value}`),
    ...Object.entries(mounts).map(([path, from]) => `--volume=${from}:${path}:ro`),
    ...(program === undefined ? [] : [`--entrypoint=${program}`]),
  ];
  return { command: "docker", args: ["run", ...options, imageOf(image).reference, ...args] };
}

/**
 * $1: the root; $2: the paths that can be written, a line each; $3: PATH-IN-ROOT=PATH-HERE, a line
 * each; then the variables and the program.
 */
const PREPARE_ROOT = `set -eu
root=$1 writable=$2 mounts=$3
shift 3
mount --bind "$root" "$root"
printf '%s\\n' "$writable" | while read -r path; do
  mkdir -p "$root$path"
  mount -t tmpfs -o mode=1777 tmpfs "$root$path"
done
[ -z "$mounts" ] || printf '%s\\n' "$mounts" | while IFS='=' read -r path from; do
  if [ -d "$from" ]; then mkdir -p "$root$path"; else mkdir -p "\${root}\${path%/*}"; : > "$root$path"; fi
  mount --bind "$from" "$root$path"
  mount -o remount,bind,ro "$root$path"
done
mkdir -p "$root/proc" "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
mkdir -m 1777 "$root/dev/shm"
for device in null zero urandom random; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mount -o remount,bind,ro "$root"
exec env -i "$@"
`;

/** The same without Docker: in the unpacked root, with processes and mounts of its own. */
async function inOwnRoot(spec: ContainerSpec): Promise<ContainerCommand> {
  const { image, program, args, env = {}, mounts = {}, writable = [] } = spec;
  const { dir, config } = await imageRoot(image);
  const line = program === undefined ? [...config.Entrypoint, ...args] : [program, ...args];
  const [uid = "", gid = ""] = config.User.split(":");
  const isolated = ["--mount", "--pid", "--ipc", "--fork", "--kill-child"];
  const paths = [dir, ["/tmp", ...writable].join("\n"), assignments(mounts).join("\n")];
  // By their paths: PATH is the image's by now.
  const privileges = ["/usr/bin/setpriv", "--no-new-privs"];
  const user = ["--setgid", gid, "--setuid", uid];
  const enter = ["/usr/bin/unshare", `--root=${dir}`, `--wd=${config.WorkingDir || "/"}`, ...user];
  const variables = [...config.Env, ...assignments(env)];
  const prepare = ["sh", "-c", PREPARE_ROOT, "prepare-root", ...paths];
  return {
    command: "unshare",
    args: [...isolated, ...prepare, ...variables, ...privileges, ...enter, ...line],
  };
}

function assignments(pairs: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(pairs).map((pair) => pair.join("="));
}
