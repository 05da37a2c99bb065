import { readFileSync } from "node:fs";
import { PGBOUNCER_IMAGE } from "../../src/api/connectionBudget.ts";

/** An image that this repository builds. */
export interface Image {
  readonly name: ImageName;
  /** What manifests call it: `weir.local/weir:0.1.0`. */
  readonly reference: string;
  /** Paths from the repository's root. */
  readonly dockerfile: string;
  readonly context: string;
  /** The image of a registry whose name its archive has too, when it is built without Docker. */
  readonly standsInFor?: string;
}

export type ImageName = "weir" | "pgbouncer" | "writing-servers" | "postgres";

/** All images, in the order in which they are built. */
export const IMAGES: readonly Image[] = [
  {
    name: "pgbouncer",
    reference: PGBOUNCER_IMAGE,
    dockerfile: "images/pgbouncer/Dockerfile",
    context: "images/pgbouncer",
  },
  {
    name: "postgres",
    reference: "weir.local/postgres:17",
    dockerfile: "images/postgres/Dockerfile",
    context: "images/postgres",
    standsInFor: "docker.io/library/postgres:17",
  },
  {
    name: "weir",
    reference: `weir.local/weir:${versionIn("package.json")}`,
    dockerfile: "images/weir/Dockerfile",
    context: ".",
  },
  {
    name: "writing-servers",
    reference: `weir.local/writing-servers:${versionIn("examples/writing-servers/package.json")}`,
    dockerfile: "images/writing-servers/Dockerfile",
    context: ".",
  },
];

/** The image of a name. */
export function imageOf(name: ImageName): Image {
  const image = IMAGES.find((each) => each.name === name);
  if (image === undefined) throw new Error(`no image ${name} in the catalog`);
  return image;
}

/** The absolute path of a path from the repository's root. */
export function inRepository(path: string): string {
  return new URL(`../../${path}`, import.meta.url).pathname;
}

function versionIn(file: string): string {
  const { version }: { version: string } = JSON.parse(readFileSync(inRepository(file), "utf8"));
  return version;
}
