import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { fieldOf, textAt } from "../../src/json/fields.ts";
import { readObject } from "../../src/kube/object.ts";
import {
  API_SERVER_START_TIMEOUT_MS,
  startApiServer,
  type ApiServer,
} from "../cluster/apiServer.ts";
import { freePort } from "../parts/ports.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import {
  runProcess,
  startProcess,
  type ProcessSpec,
  type RunningProcess,
} from "../../tools/processes/processes.ts";
import { applyCrds } from "./controlPlane.ts";
import { kubeClientOf } from "../cluster/kubeClient.ts";

let server: ApiServer;
const running: RunningProcess[] = [];

beforeAll(async () => {
  server = await startApiServer();
}, API_SERVER_START_TIMEOUT_MS);

afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop("SIGKILL")));
});

afterAll(async () => {
  await server.stop();
});

function operatorOf(port: number, env: Readonly<Record<string, string>> = {}): ProcessSpec {
  const program = join(import.meta.dirname, "../../bin/weir.js");
  return {
    command: process.execPath,
    args: [program, "operator", "--port", `${port}`],
    env: { KUBECONFIG: server.kubeconfigPath, POD_NAMESPACE: "default", ...env },
  };
}

async function start(
  port: number,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningProcess> {
  const started = await startProcess(operatorOf(port, env));
  running.push(started);
  return started;
}

async function statusOf(port: number, path: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  await response.text();
  return response.status;
}

async function holder(): Promise<string> {
  const client = kubeClientOf(server);
  const lease = { kind: "Lease", apiVersion: "coordination.k8s.io/v1", plural: "leases" };
  const read = await readObject(client, { ...lease, namespace: "default", name: "weir-operator" });
  await client.close();
  return textAt(fieldOf(read ?? {}, "spec"), "holderIdentity") ?? "";
}

test("without CRDs it says so and goes on; with them it leads, and lets go when it is stopped", async () => {
  const port = await freePort();
  const operator = await start(port, { POD_NAME: "first" });
  await operator.untilLogged(/the cluster has no connectionbudgets of weir's: apply its CRDs/);
  expect(await statusOf(port, "/livez")).toBe(200);
  expect(await statusOf(port, "/readyz")).toBe(503);

  await applyCrds(server);
  await operator.untilLogged(/"leads"/);
  expect(await statusOf(port, "/readyz")).toBe(200);
  expect(await holder()).toMatch(/^first_/);
  for (const line of operator.log().trim().split("\n")) {
    expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number), msg: expect.any(String) });
  }

  const askedMs = Date.now();
  expect(await operator.stop("SIGTERM")).toEqual({ code: 0, signal: null });
  process.stderr.write(`measured: ended ${Date.now() - askedMs} ms after SIGTERM\n`);
  expect(await holder()).toBe("");
  const next = await start(await freePort(), { POD_NAME: "second" });
  await next.untilLogged(/"leads"/);
});

test("a port that is taken, and a cluster that is not named, end it with words", async () => {
  const port = await freePort();
  const first = await start(port);
  await first.untilLogged(/"watches"/);
  // All that it wrote: a process may have ended before its last words are read.
  await expect(runProcess(operatorOf(port))).rejects.toThrow(
    new RegExp(` ended with 1:\\n(?:.*\\n)*weir operator: port ${port} is taken`),
  );

  const lost = operatorOf(await freePort(), { KUBECONFIG: "/nowhere/kubeconfig" });
  await expect(runProcess(lost)).rejects.toThrow(
    / ended with 1:\nweir operator: KUBECONFIG names no file that is there: \/nowhere\/kubeconfig$/,
  );
});

test("an API server that can't be reached is reported for once, not once a kind", async () => {
  const path = join(await scratchDir("unreachable"), "kubeconfig");
  const content = await readFile(server.kubeconfigPath, "utf8");
  await writeFile(path, content.replace(server.url, `https://127.0.0.1:${await freePort()}`));
  const port = await freePort();
  const operator = await start(port, { KUBECONFIG: path });
  await operator.untilLogged(/can't reach/);
  const missing = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).text();
  await expect.poll(async () => (await missing()).match(/can't reach/g)).toHaveLength(9);
  await operator.stop("SIGTERM");
  expect(operator.log().match(/can't reach.*/g)).toEqual([
    expect.stringMatching(/^can't reach https:\S+: connect ECONNREFUSED \S+"}$/),
  ]);
});

test("one that is stopped while it starts ends as well", async () => {
  const operator = await start(await freePort(), { KUBECONFIG: server.kubeconfigPath });
  await operator.untilLogged(/"watches"/);
  expect(await operator.stop("SIGTERM")).toEqual({ code: 0, signal: null });
});
