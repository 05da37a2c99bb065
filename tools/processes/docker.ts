import { runProcess } from "./processes.ts";

let answers: Promise<boolean> | undefined;

/** Whether there is a Docker daemon that this user may use. */
export function dockerAnswers(): Promise<boolean> {
  answers ??= docker("info").then(
    () => true,
    () => false,
  );
  return answers;
}

/** Runs docker to its end. @returns what it wrote */
export function docker(...args: readonly string[]): Promise<string> {
  return runProcess({ command: "docker", args });
}
