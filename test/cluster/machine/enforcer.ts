import { setTimeout as sleep } from "node:timers/promises";

import type { KubeClient } from "../../../src/kube/client.ts";
import type { KubeObject, Listed } from "../../../src/kube/list.ts";
import { reflect } from "../../../src/kube/reflector.ts";
import { policyChains, POLICY_CHAIN, type PolicyWorld } from "./networkPolicies.ts";
import { policyOf, podOf, namespaceOf } from "./policyObjects.ts";
import { restoreText } from "./restoreText.ts";
import { runWith } from "./runWith.ts";

const PODS: Listed = { kind: "Pod", apiVersion: "v1", plural: "pods" };
const NAMESPACES: Listed = { kind: "Namespace", apiVersion: "v1", plural: "namespaces" };
const POLICIES: Listed = {
  kind: "NetworkPolicy",
  apiVersion: "networking.k8s.io/v1",
  plural: "networkpolicies",
};

/**
 * Enforces the NetworkPolicies of a cluster of one node, in the network of this process, for ever.
 * All changes that came meanwhile become one change of the rules, which takes effect as a whole.
 * In the table `mangle`, where kube-proxy's rules are behind all of it.
 *
 * @throws when the rules can't be changed
 */
export async function enforcePolicies(client: KubeClient, hostIp: string): Promise<never> {
  let changed = Promise.withResolvers<void>();
  const follow = <T>(selection: Listed, keep: (object: KubeObject) => T) =>
    reflect({ client, selection, keep, onChange: () => changed.resolve() });
  const pods = follow(PODS, podOf);
  const namespaces = follow(NAMESPACES, namespaceOf);
  const policies = follow(POLICIES, policyOf);
  await Promise.all([pods.synced, namespaces.synced, policies.synced]);

  for (const chain of ["FORWARD", "INPUT"]) {
    const commands = `*mangle\n:${POLICY_CHAIN} - [0:0]\n-I ${chain} 1 -j ${POLICY_CHAIN}\nCOMMIT\n`;
    await runWith("iptables-restore", ["--noflush"], commands);
  }
  let text = "";
  let names: readonly string[] = [];
  for (;;) {
    changed = Promise.withResolvers();
    const world: PolicyWorld = {
      pods: pods.all().flatMap((pod) => pod ?? []),
      namespaces: new Map(namespaces.all().map(({ name, labels }) => [name, labels])),
      policies: policies.all(),
      hostIp,
    };
    const chains = policyChains(world);
    const next = restoreText(chains, []);
    if (next !== text) {
      await runWith("iptables-restore", ["--noflush"], restoreText(chains, names));
      text = next;
      names = chains.map(({ name }) => name);
    }
    await changed.promise;
    // What comes together changes the rules once.
    await sleep(5);
  }
}
