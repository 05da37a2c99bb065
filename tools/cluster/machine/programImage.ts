import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { runProcess } from "../../processes/processes.ts";

/** An image that holds one static program and nothing else. */
interface ProgramImage {
  /** The full name: `weir.local/pause:1`. */
  readonly name: string;
  /** The program, which becomes the entry point. */
  readonly program: string;
}

/** As whom it runs: anybody but root. */
const USER = "65532:65532";
/** The same bytes every time. */
const TAR = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];

/**
 * Writes an image as an OCI archive, `image.tar`, into an empty folder. It takes tar and sha256:
 * no daemon, no registry, no root.
 *
 * @returns the path of the archive
 */
export async function writeProgramImage(
  { name, program }: ProgramImage,
  dir: string,
): Promise<string> {
  const root = join(dir, "root");
  const layout = join(dir, "layout");
  const blobs = join(layout, "blobs", "sha256");
  await mkdir(root);
  await mkdir(blobs, { recursive: true });
  const put = async (content: Buffer | object) => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const hash = createHash("sha256").update(bytes).digest("hex");
    await writeFile(join(blobs, hash), bytes);
    return { digest: `sha256:${hash}`, size: bytes.length };
  };

  await copyFile(program, join(root, basename(program)));
  // Programs that write a certificate of their own want a folder for it.
  await mkdir(join(root, "tmp"), { mode: 0o777 });
  const layerPath = join(dir, "layer.tar");
  await runProcess({ command: "tar", args: [...TAR, "-cf", layerPath, "-C", root, "."] });
  const layer = await put(await readFile(layerPath));
  const config = await put({
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: { User: USER, Entrypoint: [`/${basename(program)}`] },
    rootfs: { type: "layers", diff_ids: [layer.digest] },
  });
  const manifest = await put({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...layer }],
  });
  const index = {
    schemaVersion: 2,
    manifests: [
      {
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        ...manifest,
        annotations: { "io.containerd.image.name": name },
      },
    ],
  };
  await writeFile(join(layout, "index.json"), JSON.stringify(index));
  await writeFile(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  const archive = join(dir, "image.tar");
  await runProcess({ command: "tar", args: [...TAR, "-cf", archive, "-C", layout, "."] });
  for (const path of [root, layout, layerPath]) await rm(path, { recursive: true });
  return archive;
}
