import { docker } from "../processes/docker.ts";
import { type Image, inRepository } from "./catalog.ts";

/**
 * Builds an image with Docker, and saves it as an archive.
 *
 * @throws with Docker's words
 */
export async function buildWithDocker(image: Image, archive: string): Promise<void> {
  const { reference, dockerfile, context } = image;
  await docker(
    "build",
    "--tag",
    reference,
    "--file",
    inRepository(dockerfile),
    inRepository(context),
  );
  await docker("save", "--output", archive, reference);
}
