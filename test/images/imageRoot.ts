import { chmod, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { runProcess } from "../../tools/processes/processes.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import type { ImageName } from "../../tools/images/catalog.ts";
import { imageArchive } from "../../tools/images/imageArchive.ts";

/** What an image says of how it is run. */
interface ImageConfig {
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly Cmd?: readonly string[] | null;
  /** `NAME=value` */
  readonly Env: readonly string[];
  readonly WorkingDir?: string;
}

/** An image, unpacked. */
interface ImageRoot {
  /** Its root file system; gone with this process. */
  readonly dir: string;
  readonly config: ImageConfig;
}

const unpacked = new Map<ImageName, Promise<ImageRoot>>();

/** Unpacks an image, once a process. */
export function imageRoot(name: ImageName): Promise<ImageRoot> {
  const root = unpacked.get(name) ?? unpack(name);
  unpacked.set(name, root);
  return root;
}

async function unpack(name: ImageName): Promise<ImageRoot> {
  const scratch = await scratchDir(name);
  await chmod(scratch, 0o755);
  const archive = join(scratch, "archive");
  const dir = join(scratch, "root");
  for (const folder of [archive, dir]) await mkdir(folder, { mode: 0o755 });
  await untar(await imageArchive(name), archive);
  const [manifest]: [{ Config: string; Layers: readonly string[] }] = JSON.parse(
    await readFile(join(archive, "manifest.json"), "utf8"),
  );
  const { config }: { config: ImageConfig } = JSON.parse(
    await readFile(join(archive, manifest.Config), "utf8"),
  );
  // All images are made `FROM scratch` by COPY: no layer deletes what an earlier one brought.
  for (const layer of manifest.Layers) await untar(join(archive, layer), dir);
  return { dir, config };
}

function untar(file: string, dir: string): Promise<string> {
  return runProcess({ command: "tar", args: ["--extract", "--file", file, "--directory", dir] });
}
