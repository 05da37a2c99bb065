import { expect, test } from "vitest";
import type { KubeClient } from "../kube/client.ts";
import { readSecretFields } from "./secretFields.ts";
import { systemRuntime } from "../runtime/runtime.ts";

function never(signal?: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
}

/** An API server that has every request wait until it is given up. */
function busy(): KubeClient {
  return {
    server: "https://api",
    request: ({ signal }) => never(signal),
    get: () => never(),
    stream: (_, signal) => never(signal),
    close: async () => {},
  };
}

test("an API server that keeps a Secret waiting holds nobody up for long", async () => {
  const name = { namespace: "writing", name: "old-stats" };
  const { signal } = new AbortController();
  await expect(readSecretFields(busy(), systemRuntime, name, signal)).rejects.toMatchObject({
    name: "UnavailableError",
    reason: "Unreachable",
    message: "can't read Secret writing/old-stats: the API server does not give it",
  });
});

test("who is stopped meanwhile ends with that", async () => {
  const stopping = new AbortController();
  const name = { namespace: "writing", name: "old-stats" };
  const reading = readSecretFields(busy(), systemRuntime, name, stopping.signal);
  stopping.abort(new Error("stopped"));
  await expect(reading).rejects.toThrow("stopped");
});
