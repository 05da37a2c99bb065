import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import type { Answered, NumberedOrder, PodOrder, PodReport } from "./podOrders.ts";

/** The process of all pods' programs (podPrograms.ts). */
interface PodProcess {
  /** Gives an order; as many at a time as there are. @throws what the program says went wrong */
  readonly tell: (order: PodOrder) => Promise<PodReport>;
  /** Ends all programs at once. */
  readonly kill: () => Promise<void>;
}

/** Starts the process; no program runs in it yet. It ends with this one. */
export async function startPodProcess(): Promise<PodProcess> {
  const child = fork(fileURLToPath(new URL("podPrograms.ts", import.meta.url)));
  const ended = once(child, "exit");
  await once(child, "spawn");
  const waiting = new Map<number, PromiseWithResolvers<PodReport>>();
  let last = 0;
  child.on("message", ({ id, report, error }: Answered) => {
    const asker = waiting.get(id);
    waiting.delete(id);
    if (report !== undefined) asker?.resolve(report);
    else asker?.reject(new Error(error));
  });
  child.once("exit", (code, signal) => {
    for (const asker of waiting.values()) {
      asker.reject(new Error(`the process of the pods' programs ended with ${signal ?? code}`));
    }
    waiting.clear();
  });
  return {
    tell: (order) => {
      const asker = Promise.withResolvers<PodReport>();
      last += 1;
      waiting.set(last, asker);
      const asked: NumberedOrder = { id: last, order };
      child.send(asked, (error) => {
        if (error !== null) asker.reject(error);
      });
      return asker.promise;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
