import { once } from "node:events";
import { createServer, type Server } from "node:http";

import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { claims } from "./claims.ts";
import { podProgramImage } from "../../tools/cluster/machine/images.ts";
import { type Machine, startMachine } from "../../tools/cluster/machine/machine.ts";
import { keepFromOthers } from "../../tools/cluster/machine/reservation.ts";
import { tracesOf } from "../../tools/cluster/machine/traces.ts";
import { podAsks, podKnocks, SHUT_OUT } from "./podAsks.ts";
import { pod, service } from "./podManifests.ts";
import { REAL_CLUSTER_START_TIMEOUT_MS } from "../../tools/cluster/newCluster.ts";
import { namespaceOfTest, type TestNamespace } from "./testNamespace.ts";
import { logMeasured } from "../measured.ts";

/** The clusters that are made on this computer, two at a time. */

const NAME = "weir-machine";
const PORT = 8080;
const HOST_PORT = 8081;

vi.setConfig({ testTimeout: 600_000 });

interface Side {
  readonly machine: Machine;
  readonly namespace: TestNamespace;
  readonly podIp: string;
  readonly serviceIp: string;
  /** Of this computer, reached from the machine's pods. */
  readonly server: Server;
}

let sides: readonly Side[];

beforeAll(async () => {
  const startedMs = performance.now();
  const machines = await Promise.all([startMachine(), startMachine()]);
  const elapsedMs = Math.round(performance.now() - startedMs);
  logMeasured(`two clusters at once are up after ${elapsedMs} ms`);
  sides = await Promise.all(machines.map(sideOf));
}, REAL_CLUSTER_START_TIMEOUT_MS);

afterAll(async () => {
  for (const { machine, server } of sides ?? []) {
    server.close();
    await machine.stop();
  }
});

async function sideOf(machine: Machine): Promise<Side> {
  const { claim } = claims(machine.kubectl);
  const namespace = await namespaceOfTest({ ...machine, claim, hasControllers: true }, NAME);
  const { name: image } = await podProgramImage();
  const labels = { app: "web" };
  await namespace.apply(
    pod("web", NAME, { image, args: ["serve", `:${PORT}`], labels, port: PORT }),
    service("web", NAME, labels, PORT),
    pod("client", NAME, { image, args: [], labels: { app: "client" } }),
  );
  await namespace.kubectl("wait", "--for=condition=Ready", "--timeout=600s", "pod", "--all");
  const read = (object: string, path: string) =>
    namespace.kubectl("get", object, `--output=jsonpath={${path}}`);
  const serviceIp = await read("service/web", ".spec.clusterIP");
  // Pods are Ready a moment before their Service leads to them.
  const knock = async () =>
    expect(await podKnocks(namespace, "client", `http://${serviceIp}/`)).toMatch(/^web to /);
  await vi.waitFor(knock, { timeout: 120_000 });
  const server = createServer((_, response) => {
    response.end("this computer");
  }).listen(HOST_PORT, machine.addresses.host);
  await once(server, "listening");
  return {
    machine,
    namespace,
    podIp: await read("pod/web", ".status.podIP"),
    serviceIp,
    server,
  };
}

async function get(url: string): Promise<string> {
  const response = await fetch(url);
  return response.text();
}

function policy(spec: object): object {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "client", namespace: NAME },
    spec: { podSelector: { matchLabels: { app: "client" } }, ...spec },
  };
}

test("two at once share no address, and this computer reaches the pods of both", async () => {
  const [a, b] = sides.map(({ podIp, serviceIp, machine }) => [
    podIp,
    serviceIp,
    machine.addresses.machine,
    machine.addresses.host,
  ]);
  expect(a?.filter((address) => b?.includes(address))).toEqual([]);
  for (const { podIp, serviceIp } of sides) {
    expect(await get(`http://${podIp}:${PORT}/`)).toMatch(/^web to /);
    expect(await get(`http://${serviceIp}/`)).toMatch(/^web to /);
  }
});

test("pods reach what listens on this computer's end of the link", async () => {
  for (const side of sides) {
    const url = `http://${side.machine.addresses.host}:${HOST_PORT}/`;
    expect(await podAsks(side.namespace, "client", url)).toBe("this computer");
  }
});

test("egress: blocks of addresses with exceptions, and ranges of ports", async () => {
  const [side] = sides;
  if (side === undefined) throw new Error("no machine");
  const { host } = side.machine.addresses;
  const hostUrl = `http://${host}:${HOST_PORT}/`;
  const webUrl = `http://${side.podIp}:${PORT}/`;
  const ports = [{ port: HOST_PORT - 5, endPort: HOST_PORT }];
  const egress = (rule: object) =>
    side.namespace.apply(policy({ policyTypes: ["Egress"], egress: [rule] }));

  await egress({ to: [{ ipBlock: { cidr: "0.0.0.0/0", except: [`${host}/32`] } }], ports });
  await expect.poll(() => podKnocks(side.namespace, "client", hostUrl)).toMatch(SHUT_OUT);
  expect(await podAsks(side.namespace, "client", webUrl)).toMatch(/^web to /);
  expect(await get(`http://${side.podIp}:${PORT}/`)).toMatch(/^web to /);

  await egress({ to: [{ ipBlock: { cidr: `${host}/32` } }], ports });
  const hostSays = () => podKnocks(side.namespace, "client", hostUrl);
  await expect.poll(hostSays).toBe("this computer");
  expect(await podKnocks(side.namespace, "client", webUrl)).toMatch(SHUT_OUT);
  await side.namespace.kubectl("delete", "networkpolicy", "client");
});

/** Pods that are called web, of the namespaces with a name, by the name of their own port. */
function toWebOf(namespace: string): object {
  const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": namespace } };
  const podSelector = { matchLabels: { app: "web" } };
  const rule = { to: [{ namespaceSelector, podSelector }], ports: [{ port: "http" }] };
  return { policyTypes: ["Egress"], egress: [rule] };
}

test("egress: pods of a namespace that is chosen by its labels, behind their Service", async () => {
  const [side] = sides;
  if (side === undefined) throw new Error("no machine");
  const url = `http://${side.serviceIp}/`;
  await side.namespace.apply(policy(toWebOf("elsewhere")));
  const webSays = () => podKnocks(side.namespace, "client", url);
  await expect.poll(webSays).toMatch(SHUT_OUT);
  await side.namespace.apply(policy(toWebOf(NAME)));
  await expect.poll(webSays).toMatch(/^web to /);
  await side.namespace.kubectl("delete", "networkpolicy", "client");
});

test("a pod is shut out from its first moment on", async () => {
  const [side] = sides;
  if (side === undefined) throw new Error("no machine");
  const { namespace } = side;
  const url = `http://${side.podIp}:${PORT}/`;
  await namespace.apply(policy({ policyTypes: ["Egress"], egress: [] }));
  // The policy itself is known a moment after it was made.
  await expect.poll(() => podKnocks(namespace, "client", url)).toMatch(SHUT_OUT);
  const { name: image } = await podProgramImage();
  const args = ["get", url, "2s"];
  const prompt = pod("prompt", NAME, { image, args, labels: { app: "client" } });
  await namespace.apply({ ...prompt, spec: { ...prompt.spec, restartPolicy: "Never" } });
  const phase = () => namespace.kubectl("get", "pod/prompt", "--output=jsonpath={.status.phase}");
  await expect.poll(phase).toMatch(/Succeeded|Failed/);
  expect(await namespace.kubectl("logs", "pod/prompt")).toMatch(SHUT_OUT);
  await namespace.kubectl("delete", "networkpolicy", "client");
});

test("nothing is left of a cluster that was stopped, and the other one goes on", async () => {
  const [a, b] = sides;
  if (a === undefined || b === undefined) throw new Error("no machine");
  expect((await tracesOf(a.machine)).length).toBeGreaterThan(10);
  const kept = await keepFromOthers(a.machine);
  const startedMs = performance.now();
  await a.machine.stop();
  const elapsedMs = Math.round(performance.now() - startedMs);
  logMeasured(`a cluster is gone after ${elapsedMs} ms`);
  expect(await tracesOf(a.machine)).toEqual([]);
  await kept.release();
  expect(await get(`http://${b.serviceIp}/`)).toMatch(/^web to /);
});
