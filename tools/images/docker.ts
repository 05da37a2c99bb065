import { runProcess } from "../processes/processes.ts";
import { type Image, inRepository } from "./catalog.ts";

let answers: Promise<boolean> | undefined;

/** Whether there is a Docker daemon that this user may use. */
export function dockerAnswers(): Promise<boolean> {
  answers ??= runProcess({ command: "docker", args: ["info"] }).then(
    () => true,
    () => false,
  );
  return answers;
}

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

/** Runs docker to its end. @returns what it wrote */
export function docker(...args: readonly string[]): Promise<string> {
  return runProcess({ command: "docker", args });
}
