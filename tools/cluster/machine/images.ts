import { basename, dirname, join } from "node:path";

import { binary } from "../../binaries/catalog.ts";
import { cached } from "../../cache/cache.ts";
import { writeProgramImage } from "./programImage.ts";
import type { LocalImage, MachineImages } from "./spec.ts";

/** Bumped when what is written around the program changes. */
const LAYOUT_VERSION = 1;

/** The images of what a machine runs from its start, made when the cache does not hold them. */
export async function machineImages(): Promise<MachineImages> {
  return {
    podProgram: await podProgramImage(),
    coreDns: await imageOf(await binary("coredns")),
    metricsServer: await metricsServerImage(),
  };
}

/** See `binaries/sources/pod-program.go` for what it can do. */
export async function podProgramImage(): Promise<LocalImage> {
  return imageOf(await binary("pod-program"));
}

export async function metricsServerImage(): Promise<LocalImage> {
  return imageOf(await binary("metrics-server"));
}

/** @param program in a folder of the cache, whose name says all that it was made of */
async function imageOf(program: string): Promise<LocalImage> {
  const built = basename(dirname(program));
  const name = `weir.local/${basename(program)}:${built}-${LAYOUT_VERSION}`;
  const dir = await cached({
    name: "image",
    version: `${built}-${LAYOUT_VERSION}`,
    make: async (making) => {
      await writeProgramImage({ name, program }, making);
    },
  });
  return { name, archivePath: join(dir, "image.tar") };
}
