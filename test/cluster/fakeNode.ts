import { setTimeout as sleep } from "node:timers/promises";

import { applyObject } from "../../src/kube/apply.ts";
import { connect, type KubeClient, type KubeRequest } from "../../src/kube/client.ts";
import { KubeError, refusalOf } from "../../src/kube/refusal.ts";
import { loadKubeconfig } from "../../src/kube/kubeconfig.ts";
import { microTime } from "../../src/kube/object.ts";
import { reflect } from "../../src/kube/reflector.ts";
import { semaphore } from "../../src/runtime/semaphore.ts";
import type { PodAddresses } from "./podAddresses.ts";
import { podKey, readPod, type PodObject } from "./podObject.ts";
import { runningStatus } from "./podStatus.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

/** What runs in a pod. */
export interface PodProgram {
  /**
   * Called when the pod was told to go: while this is pending, it is terminating. Also called,
   * and not waited for, when it vanished without being told.
   */
  readonly stop: () => Promise<void>;
}

/** A pod that was put on the node. */
export interface NodePod {
  /** `namespace/name`. */
  readonly key: string;
  readonly address: string;
  readonly object: PodObject;
}

/** What kind of a node. */
interface FakeNodeOptions {
  /** Of a user who may do everything. */
  readonly kubeconfigPath: string;
  readonly addresses: PodAddresses;
  /**
   * Starts what runs in a pod, which is Ready when this resolves; one that rejects is tried again,
   * as a container that crashes is. Absent: nothing runs in any, and all are Ready at once.
   */
  readonly run?: (pod: NodePod) => Promise<PodProgram>;
  /** `fake-node` when absent. */
  readonly name?: string;
}

/** A node without a kubelet: it tells the API server what a kubelet would. */
export interface FakeNode {
  readonly name: string;
  /** Why starting programs failed, the last one last: for messages of tests that wait in vain. */
  readonly failures: readonly string[];
  /** Ends its work, and what runs on it; the objects stay as they are. */
  readonly stop: () => Promise<void>;
}

const NO_PROGRAM: PodProgram = { stop: async () => {} };
const HOST_ADDRESS = "127.0.0.1";
/** Kubernetes' own rate: nodes are given up after 50 s without a word. */
const LEASE_INTERVAL_MS = 10_000;
const LEASE_DURATION_S = 40;
const RETRY_INTERVAL_MS = 100;
/** More connections than that at a time make nothing quicker. */
const REQUESTS_AT_ONCE = 32;
const FIELD_MANAGER = "fake-node";

/**
 * Starts a node for as many pods as come, and takes every pod that has no node: there is no
 * scheduler. A pod of a DaemonSet is taken too. Pods run until they are deleted.
 */
export async function startFakeNode(options: FakeNodeOptions): Promise<FakeNode> {
  const { kubeconfigPath, addresses, run, name = "fake-node" } = options;
  const client = connect(loadKubeconfig({ KUBECONFIG: kubeconfigPath }), systemRuntime);
  const { acquire } = semaphore(REQUESTS_AT_ONCE);
  const stopping = new AbortController();
  const { signal } = stopping;
  const failures: string[] = [];

  /** Until the API server has it, or there is nothing to be done any more. */
  const persistently = async (request: KubeRequest, life?: Life) => {
    for (;;) {
      const isDone = await acquire(() => tried(client, { ...request, signal }));
      if (isDone || life?.isGone) return;
      await sleep(RETRY_INTERVAL_MS, undefined, { signal });
    }
  };
  const started = async (pod: NodePod, going: Promise<void>): Promise<PodProgram> => {
    for (;;) {
      signal.throwIfAborted();
      try {
        return (await run?.(pod)) ?? NO_PROGRAM;
      } catch (error) {
        failures.push(`${pod.key}: ${error instanceof Error ? error.message : String(error)}`);
      }
      const goes = await Promise.race([going.then(() => true), sleep(RETRY_INTERVAL_MS, false)]);
      if (goes) return NO_PROGRAM;
    }
  };

  const lives = new Map<string, Life>();
  const underWay = new Set<Promise<void>>();
  const live = async (object: PodObject, life: Life) => {
    const { going, gone } = life;
    const key = podKey(object);
    const pod: NodePod = { key, address: addresses.of(key), object };
    if (object.spec.nodeName === undefined) await persistently(bindingOf(object, name), life);
    const program = await started(pod, going.promise);
    try {
      await persistently(statusOf(pod), life);
      await going.promise;
    } finally {
      await Promise.race([program.stop(), gone.promise, aborted(signal)]);
    }
    await persistently(deletionOf(object), life);
  };
  const begin = (object: PodObject) => {
    const { nodeName } = object.spec;
    if (nodeName !== undefined && nodeName !== name) return;
    const life: Life = {
      going: Promise.withResolvers(),
      gone: Promise.withResolvers(),
      isGone: false,
    };
    lives.set(object.metadata.uid, life);
    if (object.metadata.deletionTimestamp !== undefined) life.going.resolve();
    const ended = live(object, life).catch((error: unknown) => {
      if (!signal.aborted) failures.push(`${podKey(object)}: ${String(error)}`);
    });
    underWay.add(ended);
    void ended.then(() => underWay.delete(ended));
  };
  const end = ({ metadata }: PodObject) => {
    const life = lives.get(metadata.uid);
    lives.delete(metadata.uid);
    if (life === undefined) return;
    life.isGone = true;
    life.going.resolve();
    life.gone.resolve();
  };

  await persistently({ method: "POST", path: "/api/v1/nodes", body: nodeObject(name) });
  await persistently(nodeStatus(name));
  const renewals = renewLease(client, name, signal);
  const pods = reflect({
    client,
    runtime: systemRuntime,
    selection: { kind: "Pod", apiVersion: "v1", plural: "pods" },
    keep: readPod,
    onChange: (change) => {
      if (change.type === "added") begin(change.new);
      else if (change.type === "deleted") end(change.old);
      else if (change.new.metadata.deletionTimestamp !== undefined) {
        lives.get(change.new.metadata.uid)?.going.resolve();
      }
    },
  });
  await pods.synced;

  const stop = async () => {
    stopping.abort();
    await pods.stop();
    for (const { going } of lives.values()) going.resolve();
    await Promise.all(underWay);
    await renewals;
    await client.close();
  };
  return { name, failures, stop };
}

/** One pod's time on the node. */
interface Life {
  /** Resolves when it was told to go. */
  readonly going: PromiseWithResolvers<void>;
  /** Resolves when there is no such pod any more. */
  readonly gone: PromiseWithResolvers<void>;
  isGone: boolean;
}

/** @returns whether it need not be tried again */
async function tried(client: KubeClient, request: KubeRequest): Promise<boolean> {
  try {
    const answer = await client.request(request);
    // Of what is not there nothing is to be changed; what is made twice is there.
    if (answer.status < 300 || answer.status === 404) return true;
    if (answer.status === 409) return request.method === "POST";
    if (answer.status < 500) throw new Error(`${request.path}: ${refusalOf(answer)}`);
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
  }
  return false;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function bindingOf({ metadata }: PodObject, node: string): KubeRequest {
  const { namespace, name, uid } = metadata;
  return {
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/pods/${name}/binding`,
    body: {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { namespace, name, uid },
      target: { apiVersion: "v1", kind: "Node", name: node },
    },
  };
}

function statusOf({ address, object }: NodePod): KubeRequest {
  const { namespace, name, uid } = object.metadata;
  const since = `${new Date().toISOString().slice(0, 19)}Z`;
  return {
    method: "PATCH",
    path: `/api/v1/namespaces/${namespace}/pods/${name}/status`,
    contentType: "application/merge-patch+json",
    // With another uid it is another pod, and refused with a conflict.
    body: {
      metadata: { uid },
      status: runningStatus(object, { address, hostAddress: HOST_ADDRESS, since }),
    },
  };
}

function deletionOf({ metadata }: PodObject): KubeRequest {
  const { namespace, name, uid } = metadata;
  return {
    method: "DELETE",
    path: `/api/v1/namespaces/${namespace}/pods/${name}`,
    body: {
      apiVersion: "v1",
      kind: "DeleteOptions",
      gracePeriodSeconds: 0,
      preconditions: { uid },
    },
  };
}

function nodeObject(name: string): object {
  const labels = { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" };
  return { apiVersion: "v1", kind: "Node", metadata: { name, labels } };
}

function nodeStatus(name: string): KubeRequest {
  const room = { cpu: "10000", memory: "10000Gi", pods: "100000" };
  const since = new Date().toISOString();
  const condition = { type: "Ready", status: "True", reason: "KubeletReady" };
  return {
    method: "PATCH",
    path: `/api/v1/nodes/${name}/status`,
    contentType: "application/merge-patch+json",
    body: {
      status: {
        capacity: room,
        allocatable: room,
        addresses: [{ type: "InternalIP", address: HOST_ADDRESS }],
        conditions: [{ ...condition, lastHeartbeatTime: since, lastTransitionTime: since }],
      },
    },
  };
}

/** Says again and again that the node lives, until it is stopped. */
async function renewLease(client: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const renewTime = microTime(Date.now() * 1000);
    const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_DURATION_S, renewTime };
    let pauseMs = LEASE_INTERVAL_MS;
    try {
      const object = {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { namespace: "kube-node-lease", name },
        spec,
      };
      await applyObject(
        client,
        { plural: "leases", object },
        { fieldManager: FIELD_MANAGER, force: true },
      );
    } catch (error) {
      if (!(error instanceof KubeError) && !signal.aborted) throw error;
      // An API server that has just started makes the namespace in a moment.
      pauseMs = RETRY_INTERVAL_MS;
    }
    await Promise.race([sleep(pauseMs, undefined, { ref: false }), aborted(signal)]);
  }
}
