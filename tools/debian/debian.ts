import { mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { runProcess } from "../processes/processes.ts";

/** A release of Debian, by its code name. */
export type DebianSuite = "bookworm" | "trixie" | "sid";

/** Where Debian packages come from. */
export const DEBIAN_MIRROR = "http://deb.debian.org/debian";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** What to unpack, and where. */
interface DebianTree {
  readonly suite: DebianSuite;
  readonly packages: readonly string[];
  /** Programs that have to run here, as paths in the tree (`usr/sbin/pgbouncer`). */
  readonly programs: readonly string[];
}

/**
 * Unpacks Debian packages and all that they depend on into an empty folder, without installing
 * anything, and as any user; apt checks the signatures. Afterwards the programs run where they
 * lie, with the libraries of the tree, libc included: those of a newer Debian run on an older one.
 *
 * @throws with apt's words when the mirror or its key are missing
 */
export async function unpackDebian(tree: DebianTree, dir: string): Promise<void> {
  const archives = await download(tree, join(dir, ".apt"));
  // Where a package still ships /lib/..., it has to land in /usr/lib, where the others look.
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    await mkdir(join(dir, "usr", name), { recursive: true });
    await symlink(join("usr", name), join(dir, name));
  }
  for (const archive of archives) {
    const script = 'dpkg-deb --fsys-tarfile "$0" | tar -x -C "$1" --keep-directory-symlink';
    await runProcess({ command: "sh", args: ["-c", script, archive, dir] });
  }
  await rm(join(dir, ".apt"), { recursive: true });
  for (const program of tree.programs) await runWithOwnLibraries(dir, program);
}

/** Resolves the closure against an apt state of its own, in which nothing is installed. */
async function download(tree: DebianTree, apt: string): Promise<string[]> {
  const archives = join(apt, "archives");
  await mkdir(join(apt, "lists", "partial"), { recursive: true });
  await mkdir(join(archives, "partial"), { recursive: true });
  await writeFile(join(apt, "status"), "");
  const source = `deb [signed-by=${KEYRING}] ${DEBIAN_MIRROR} ${tree.suite} main\n`;
  await writeFile(join(apt, "sources.list"), source);
  const conf = join(apt, "apt.conf");
  await writeFile(conf, aptConf(apt));
  await runProcess({ command: "apt-get", args: ["-c", conf, "update"] });
  const install = ["install", "--download-only", "--yes", "--no-install-recommends"];
  await runProcess({ command: "apt-get", args: ["-c", conf, ...install, ...tree.packages] });
  const files = await readdir(archives);
  return files.filter((file) => file.endsWith(".deb")).map((file) => join(archives, file));
}

function aptConf(apt: string): string {
  // The machine's own configuration stays, since it may name a proxy, but for its hooks, which
  // work on the machine's own packages.
  return `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
Dir::State "${apt}";
Dir::State::lists "${apt}/lists";
Dir::State::status "${apt}/status";
Dir::Cache "${apt}";
Dir::Cache::archives "${apt}/archives";
Dir::Etc::sourcelist "${apt}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Log "${apt}";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
`;
}

/**
 * Puts a script in the place of a program, which runs it through the tree's own dynamic loader.
 * In its place, since Postgres finds its other files by where it lies. It execs, so a signal to
 * its pid reaches the program; and it finds the tree by its own path, so the tree can be renamed.
 */
async function runWithOwnLibraries(dir: string, program: string): Promise<void> {
  const { loader, libraries } = await findLoader(dir);
  const up = program.split("/").slice(1).fill("..").join("/");
  const path = join(dir, program);
  await rename(path, `${path}.elf`);
  const script = `#!/bin/sh
tree="\${0%/*}/${up}"
exec "$tree/${loader}" --inhibit-cache --library-path "$tree/${libraries}" \\
  --argv0 "$0" "\${0%/*}/${basename(program)}.elf" "$@"
`;
  await writeFile(path, script, { mode: 0o755 });
}

async function findLoader(dir: string): Promise<{ loader: string; libraries: string }> {
  const lib = join("usr", "lib");
  for (const entry of await readdir(join(dir, lib), { withFileTypes: true })) {
    if (!entry.isDirectory() || !entry.name.includes("-linux-gnu")) continue;
    const libraries = join(lib, entry.name);
    const files = await readdir(join(dir, libraries));
    const loader = files.find((file) => /^ld-linux.*\.so\.\d+$/.test(file));
    if (loader !== undefined) return { loader: join(libraries, loader), libraries };
  }
  throw new Error(`no dynamic loader in ${join(dir, lib)}: is libc6 among the packages?`);
}
