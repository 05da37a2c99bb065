import { expect, test } from "vitest";

import type { KubeRequest } from "../../src/kube/client.ts";
import { notReady } from "./clusterLog.ts";
import type { E2eEnvironment } from "./environment.ts";
import { loadGeneratorOf } from "./loadGenerator.ts";
import type { CallLoad } from "./programs/load.ts";

const LOAD: CallLoad = { targets: [{ server: "scene", url: "", tools: [], width: 1, pauseMs: 1 }] };

test("what is wished last is reported last, also where an earlier request had to be tried again", async () => {
  const told: unknown[] = [];
  let requests = 0;
  const request = async ({ body }: KubeRequest) => {
    requests += 1;
    if (requests === 1) throw new Error("the connection broke");
    told.push(body);
    return { status: 200, body: {} };
  };
  const loadGenerator = loadGeneratorOf({
    namespace: "writing",
    environment: environmentThatAsks(request),
  });
  await Promise.all([
    loadGenerator.call(LOAD),
    loadGenerator.suspend(true),
    loadGenerator.suspend(false),
  ]);
  expect(told.at(-1)).toEqual(LOAD);

  await loadGenerator.suspend(true);
  expect(told.at(-1)).toEqual({ targets: [] });
  await loadGenerator.call(LOAD);
  expect(told.at(-1)).toEqual({ targets: [] });
  await loadGenerator.suspend(false);
  expect(told.at(-1)).toEqual(LOAD);
});

function environmentThatAsks(request: E2eEnvironment["client"]["request"]): E2eEnvironment {
  const client = { server: "", request, get: unused, stream: unused, close: unused };
  const health = {
    untilWell: unused,
    wasStarved: () => false,
    listen: () => () => {},
    stop: unused,
  };
  const cluster = {
    kubeconfigPath: "",
    kubectl: unused,
    hasControllers: true,
    claim: unused,
    stop: unused,
    loadImage: unused,
  };
  return {
    cluster,
    client,
    kubectl: unused,
    health,
    claimNamespace: unused,
    clear: unused,
    stop: unused,
  };
}

test("the log of a cluster says more of the pods that are not Ready", () => {
  const table = `NAMESPACE     NAME        READY   STATUS      RESTARTS   AGE   IP
kube-system   coredns-1   0/1     Running     0          1m    10.0.0.1
writing       author-2    1/1     Running     1 (2m ago) 1m    10.0.0.2
writing       migrate-3   0/1     Completed   0          1m    10.0.0.3
writing       scene-4     1/2     Error       3          1m    <none>
`;
  expect(notReady(table)).toEqual([
    { space: "kube-system", pod: "coredns-1" },
    { space: "writing", pod: "scene-4" },
  ]);
});

function unused(): Promise<never> {
  return Promise.reject(new Error("nobody asks this"));
}
