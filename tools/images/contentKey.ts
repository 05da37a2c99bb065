import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { type Image, inRepository } from "./catalog.ts";
import { dockerfileSources } from "./dockerfile.ts";

/** What .dockerignore keeps out of a folder that is copied, whatever the folder. */
const NEVER_COPIED = /^(?:node_modules|dist|golden)$|\.test\.ts$/;

/**
 * A hash of all that an image is built from in this repository: another one after each change that
 * could make another image.
 *
 * @param repository the folder that the image's paths start from
 */
export function contentKey(
  { dockerfile, context }: Pick<Image, "dockerfile" | "context">,
  repository = inRepository(""),
): string {
  const text = readFileSync(join(repository, dockerfile), "utf8");
  const hash = createHash("sha256").update(text);
  const root = join(repository, context);
  const ignore = join(root, ".dockerignore");
  const files = dockerfileSources(text).copied.flatMap((source) => filesIn(root, source));
  for (const file of [...(existsSync(ignore) ? [".dockerignore"] : []), ...files.toSorted()]) {
    const path = join(root, file);
    // The mode too: what is executable here is so in the image.
    const mode = statSync(path).mode & 0o111;
    hash.update(`\0${file}\0${mode}\0`).update(readFileSync(path));
  }
  return hash.digest("hex").slice(0, 16);
}

/** The files at or below a path of the context, as paths from the context. */
function filesIn(root: string, path: string): string[] {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path))
    .filter((name) => !NEVER_COPIED.test(name))
    .flatMap((name) => filesIn(root, join(path, name)));
}
