import { runProcess } from "../../processes/processes.ts";

/** Runs `mount`; throws with what it said, when it fails. */
export async function mount(...args: readonly string[]): Promise<void> {
  await runProcess({ command: "mount", args });
}
