import { readFileSync } from "node:fs";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { cached } from "../cache/cache.ts";
import { DEBIAN_MIRROR, type DebianSuite } from "../debian/debian.ts";
import { runProcess } from "../processes/processes.ts";
import { inRepository } from "./catalog.ts";

/**
 * What stands in for an image of Docker's registry where no registry is reached: a minimal Debian
 * of the same release, with Node from npm where the image has it.
 */
interface StandIn {
  readonly suite: DebianSuite;
  readonly withNode: boolean;
}

const STAND_INS: Readonly<Record<string, StandIn>> = {
  "debian:sid-slim": { suite: "sid", withNode: false },
  "debian:trixie-slim": { suite: "trixie", withNode: false },
  "node:24-trixie-slim": { suite: "trixie", withNode: true },
};

/** The npm that Node 24 comes with. */
const NPM_VERSION = "11";

/** Raised when the stand-ins, or the archives, are made in another way. */
const RECIPE = "2";

/** What makes an image built here differ from one that was built on other stand-ins. */
export function standInsVersion(): string {
  return `${RECIPE}-${nodeVersion()}-${NPM_VERSION}-${process.arch}`;
}

/** The stand-in for the image that a FROM names. @throws when there is none */
export function standInFor(base: string): StandIn {
  const standIn = STAND_INS[base];
  if (standIn !== undefined) return standIn;
  const known = Object.keys(STAND_INS).join(", ");
  throw new Error(`FROM ${base}: without Docker there are only ${known}`);
}

/** A tar of a minimal Debian, made by mmdebstrap. Only root can make one. */
export async function debianTar(suite: DebianSuite): Promise<string> {
  const dir = await cached({
    name: `debian-${suite}-minbase`,
    version: process.arch,
    make: async (building) => {
      const options = [
        "--variant=minbase",
        // What a slim image leaves out, too.
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        '--aptopt=Acquire::Check-Valid-Until "false"',
        '--aptopt=Acquire::Retries "3"',
      ];
      const tar = join(building, "root.tar");
      await runProcess({ command: "mmdebstrap", args: [...options, suite, tar, DEBIAN_MIRROR] });
    },
  });
  return join(dir, "root.tar");
}

/** A folder with what the image `node` has below /usr/local: this repository's Node, and an npm. */
export function nodeTree(): Promise<string> {
  return cached({
    name: "node-tree",
    version: standInsVersion(),
    make: async (building) => {
      const install = ["install", "--global", "--prefix", building, `npm@${NPM_VERSION}`];
      await runProcess({ command: "npm", args: install });
      await mkdir(join(building, "bin"), { recursive: true });
      await rm(join(building, "bin", "node"), { force: true });
      await copyFile(inRepository("node_modules/node/bin/node"), join(building, "bin", "node"));
    },
  });
}

function nodeVersion(): string {
  const file = inRepository("node_modules/node/package.json");
  const { version }: { version: string } = JSON.parse(readFileSync(file, "utf8"));
  return version;
}
