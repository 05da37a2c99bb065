import { setTimeout as sleep } from "node:timers/promises";

import type { KubeClient } from "../../../src/kube/client.ts";
import { readObject, type KubeObject, type Listed } from "../../../src/kube/object.ts";
import { reflect } from "../../../src/kube/reflector.ts";
import { POLICY_CHAIN, policyChains, restoreText, type PolicyWorld } from "./networkPolicies.ts";
import { namespaceOf, podOf, policyOf } from "./policyObjects.ts";
import { runWith } from "./systemCommands.ts";
import { until } from "../readiness.ts";
import { systemRuntime } from "../../../src/runtime/runtime.ts";

const PODS: Listed = { kind: "Pod", apiVersion: "v1", plural: "pods" };
const NAMESPACES: Listed = { kind: "Namespace", apiVersion: "v1", plural: "namespaces" };
const POLICIES: Listed = {
  kind: "NetworkPolicy",
  apiVersion: "networking.k8s.io/v1",
  plural: "networkpolicies",
};

/** A pod that has got its address, and no program yet. */
export interface Arrival {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly ip: string;
}

interface Enforcer {
  /** Resolves when the rules know the pod: what it starts then is let in, and shut out. */
  readonly admit: (arrival: Arrival) => Promise<void>;
  /** Rejects when the rules can't be changed, which ends it; never resolves. */
  readonly failed: Promise<never>;
}

/**
 * Enforces the NetworkPolicies of a cluster of one node, in the network of this process, for ever.
 * All changes that came meanwhile become one change of the rules, which takes effect as a whole.
 * In the table `mangle`, where kube-proxy's rules are behind all of it.
 *
 * @throws when it can't begin
 */
export async function startEnforcer(client: KubeClient, hostIp: string): Promise<Enforcer> {
  let changed = Promise.withResolvers<void>();
  const follow = <T>(
    selection: Listed,
    keep: (object: KubeObject) => T,
    forget?: (value: T) => void,
  ) =>
    reflect({
      client,
      runtime: systemRuntime,
      selection,
      keep,
      onChange: (change) => {
        if (change.type === "deleted") forget?.(change.old);
        changed.resolve();
      },
    });
  /** Addresses by pod, some of which the API does not know yet. */
  const arrived = new Map<string, string>();
  let waiting: (() => void)[] = [];
  const pods = follow(PODS, podOf, (pod) => pod !== undefined && arrived.delete(pod.uid));
  const namespaces = follow(NAMESPACES, namespaceOf);
  const policies = follow(POLICIES, policyOf);
  await Promise.all([pods.synced, namespaces.synced, policies.synced]);
  const world = (): PolicyWorld => ({
    pods: pods.all().flatMap((pod) => {
      const ip = pod === undefined ? undefined : (arrived.get(pod.uid) ?? pod.ip);
      return pod === undefined || ip === undefined ? [] : { ...pod, ip };
    }),
    namespaces: new Map(namespaces.all().map(({ name, labels }) => [name, labels])),
    policies: policies.all(),
    hostIp,
  });

  const enforce = async (): Promise<never> => {
    let text = "";
    let names: readonly string[] = [];
    for (;;) {
      changed = Promise.withResolvers();
      const admitted = waiting;
      waiting = [];
      const chains = policyChains(world());
      const next = restoreText(chains, []);
      if (next !== text) {
        await restore(restoreText(chains, names));
        text = next;
        names = chains.map(({ name }) => name);
      }
      for (const resolve of admitted) resolve();
      await changed.promise;
      // What comes together changes the rules once.
      await sleep(5);
    }
  };
  const admit = async (arrival: Arrival) => {
    const { uid, ip } = arrival;
    const isKnown = () => pods.all().some((pod) => pod?.uid === uid);
    // A pod that was deleted while its network was made is never told of.
    await until(async () => isKnown() || (await hasGone(client, arrival)));
    arrived.set(uid, ip);
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      changed.resolve();
    });
  };
  for (const chain of ["FORWARD", "INPUT"]) {
    await restore(`*mangle\n:${POLICY_CHAIN} - [0:0]\n-I ${chain} 1 -j ${POLICY_CHAIN}\nCOMMIT\n`);
  }
  return { admit, failed: enforce() };
}

async function hasGone(client: KubeClient, { namespace, name, uid }: Arrival): Promise<boolean> {
  const object = await readObject(client, { ...PODS, namespace, name });
  return object === undefined || podOf(object)?.uid !== uid;
}

/** As a whole or not at all. kube-proxy may be at it at the same time. */
function restore(commands: string): Promise<void> {
  return runWith("iptables-restore", ["--wait", "--noflush"], commands);
}
