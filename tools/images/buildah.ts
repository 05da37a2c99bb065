import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { cacheDir } from "../cache/cache.ts";
import { runsAsRoot } from "../processes/owner.ts";
import { runProcess } from "../processes/processes.ts";
import { scratchDir } from "../processes/scratch.ts";
import { installMissing, type SystemProgram } from "../debian/systemPrograms.ts";
import { type Image, inRepository } from "./catalog.ts";
import { dockerfileSources } from "./dockerfile.ts";
import { debianTar, nodeTree, standInFor, standInsVersion } from "./standIns.ts";

const PROGRAMS: readonly SystemProgram[] = [
  { program: "mmdebstrap", debianPackage: "mmdebstrap" },
  { program: "buildah", debianPackage: "buildah" },
  { program: "unshare", debianPackage: "util-linux" },
  { program: "flock", debianPackage: "util-linux" },
];

/** Where npm in a build finds the certificate of the registry that this machine is set up for. */
const REGISTRY_CA_FILE = "/etc/npm-registry-ca.crt";

/**
 * Builds an image of the same Dockerfile without a Docker daemon, as root, and saves it as an
 * archive. Its layers are kept in the cache, so that a build after a change of sources alone takes
 * seconds.
 *
 * @throws with buildah's words, or with what to install
 */
export async function buildWithBuildah(image: Image, archive: string): Promise<void> {
  await requirePrograms();
  const { reference, dockerfile, context } = image;
  const { bases } = dockerfileSources(await readFile(inRepository(dockerfile), "utf8"));
  const storage = join(cacheDir(), `buildah-${standInsVersion()}`);
  await mkdir(storage, { recursive: true });
  const scratch = await scratchDir("buildah");
  const options = ["--isolation=chroot", "--pull-never", "--layers", "--format=docker"];
  const build = [...options, ...(await registryMounts(scratch)), `--tag=${reference}`];
  const script = [
    ...(await Promise.all(bases.map(standInCommands))).flat(),
    `buildah build ${build.map(quoted).join(" ")} --file ${quoted(inRepository(dockerfile))} ${quoted(inRepository(context))}`,
    `buildah push --quiet ${quoted(reference)} ${quoted(`docker-archive:${archive}:${reference}`)}`,
  ];
  try {
    await inSession(storage, scratch, script);
    if (image.standsInFor !== undefined) await addName(archive, image.standsInFor, scratch);
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `${reference} was not built. Its layers are kept in ${storage}: remove it if they are damaged.\n${words}`,
      { cause },
    );
  }
}

/**
 * Runs commands with buildah's storage. buildah leaves mounts, and counts them: so a session has
 * mounts and run files of its own, and is alone. All of it ends with this process.
 */
async function inSession(
  storage: string,
  scratch: string,
  commands: readonly string[],
): Promise<void> {
  const runFiles = join(scratch, "run");
  await mkdir(runFiles);
  const script = join(scratch, "session.sh");
  const options = ["--root", storage, "--runroot", runFiles, "--storage-driver", "overlay"];
  const lines = [
    "set -eu",
    `mount -t tmpfs tmpfs ${quoted(runFiles)}`,
    `buildah() { command buildah ${options.map(quoted).join(" ")} "$@"; }`,
    // Of a session that was killed.
    "buildah rm --all > /dev/null",
    ...commands,
  ];
  await writeFile(script, `${lines.join("\n")}\n`);
  const isolated = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const locked = ["flock", `${storage}.lock`, "sh", script];
  await runProcess({ command: "unshare", args: [...isolated, ...locked] });
}

/**
 * Gives the image in an archive one more name. Whoever has Docker gets the image of that name from
 * its registry; here nobody else has it.
 */
async function addName(archive: string, name: string, scratch: string): Promise<void> {
  const dir = join(scratch, "archive");
  await mkdir(dir);
  const tar = (...args: readonly string[]) =>
    runProcess({ command: "tar", args: ["--file", archive, "--directory", dir, ...args] });
  await tar("--extract");
  const file = join(dir, "manifest.json");
  const [manifest]: [{ RepoTags: readonly string[] }] = JSON.parse(await readFile(file, "utf8"));
  const named = { ...manifest, RepoTags: [...manifest.RepoTags, name] };
  await writeFile(file, JSON.stringify([named]));
  await tar("--create", ...(await readdir(dir)));
}

/** Makes the image that a FROM names, unless the storage has it. */
async function standInCommands(base: string): Promise<readonly string[]> {
  const { suite, withNode } = standInFor(base);
  const tar = await debianTar(suite);
  const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  return [
    `if [ -z "$(buildah images --quiet --filter reference=${quoted(`docker.io/library/${base}`)})" ]; then`,
    "container=$(buildah from scratch)",
    `buildah add --quiet "$container" ${quoted(tar)} /`,
    ...(withNode
      ? [`buildah add --quiet "$container" ${quoted(await nodeTree())} /usr/local`]
      : []),
    `buildah config --env PATH=${path} "$container"`,
    `buildah commit --quiet --format docker --rm "$container" ${quoted(`docker.io/library/${base}`)}`,
    "fi",
  ];
}

/**
 * Options that hand a build the registry that npm uses on this machine, and its certificate: a
 * mirror may have one of its own. Nothing of it stays in the image.
 */
async function registryMounts(scratch: string): Promise<readonly string[]> {
  const registry = await npmSetting("registry");
  // npm reads another global npmrc when another Node runs it than its own; Node's variable stays.
  const cafile = (await npmSetting("cafile")) ?? process.env["NODE_EXTRA_CA_CERTS"];
  const npmrc = join(scratch, "npmrc");
  const lines = [
    ...(registry ? [`registry=${registry}`] : []),
    ...(cafile ? [`cafile=${REGISTRY_CA_FILE}`] : []),
  ];
  await writeFile(npmrc, `${lines.join("\n")}\n`);
  return [
    `--volume=${npmrc}:/root/.npmrc:ro`,
    ...(cafile ? [`--volume=${cafile}:${REGISTRY_CA_FILE}:ro`] : []),
  ];
}

/** A setting of npm on this machine; undefined when it is not set. */
async function npmSetting(name: string): Promise<string | undefined> {
  const args = ["config", "get", name, "--loglevel=silent"];
  const value = (await runProcess({ command: "npm", args })).trim();
  return /^(?:null|undefined|)$/.test(value) ? undefined : value;
}

/** @throws when there is no Docker and this machine or user can't do without it */
async function requirePrograms(): Promise<void> {
  if (!runsAsRoot()) {
    const packages = new Set(PROGRAMS.map(({ debianPackage }) => debianPackage));
    throw new Error(
      "images are built by Docker, which does not answer (docker info), or by root on Debian " +
        `(apt-get install ${[...packages].join(" ")})`,
    );
  }
  await installMissing(PROGRAMS);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
