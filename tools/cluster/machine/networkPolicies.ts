import { isSelected } from "../../../src/api/selector.ts";
import { blockWithout } from "./addressBlocks.ts";
import type { Peer, Policy, PolicyPod, Port } from "./policyObjects.ts";

/** Everything that decides who may talk to whom. */
export interface PolicyWorld {
  readonly pods: readonly PolicyPod[];
  /** Labels of namespaces by name. */
  readonly namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly policies: readonly Policy[];
  /** Of the host, which is as much as the node itself: it is let in everywhere. */
  readonly hostIp: string;
}

/** A chain of rules, as `iptables-restore` takes them. */
interface Chain {
  readonly name: string;
  readonly rules: readonly string[];
}

/** The chain that all traffic to, from and between pods goes through. */
export const POLICY_CHAIN = "WEIR-POLICY";

type Direction = "ingress" | "egress";
const DIRECTIONS: readonly Direction[] = ["egress", "ingress"];

/**
 * The rules of iptables that are the policies: one chain for each isolated pod and direction, in
 * which what is allowed returns and all else is dropped. They see pods' own addresses and ports,
 * after a Service's have been replaced.
 */
export function policyChains(world: PolicyWorld): readonly Chain[] {
  const jumps: string[] = [];
  const chains: Chain[] = [];
  for (const pod of world.pods) {
    for (const direction of DIRECTIONS) {
      const policies = world.policies.filter((policy) => isolates(policy, pod, direction));
      if (policies.length === 0) continue;
      const name = `WEIR-${direction === "ingress" ? "IN" : "OUT"}-${pod.ip}`;
      const own = direction === "ingress" ? "-d" : "-s";
      jumps.push(`${own} ${pod.ip} -j ${name}`);
      const allowed = policies.flatMap((policy) => allowedBy(policy, pod, direction, world));
      chains.push({ name, rules: [...new Set(allowed), "-j DROP"] });
    }
  }
  const first = [
    "-m conntrack --ctstate ESTABLISHED,RELATED -j RETURN",
    `-s ${world.hostIp} -j RETURN`,
  ];
  return [{ name: POLICY_CHAIN, rules: [...first, ...jumps] }, ...chains];
}

function isolates(policy: Policy, pod: PolicyPod, direction: Direction): boolean {
  const type = direction === "ingress" ? "Ingress" : "Egress";
  return (
    policy.namespace === pod.namespace &&
    policy.policyTypes.includes(type) &&
    isSelected(policy.podSelector, pod.labels)
  );
}

function allowedBy(
  policy: Policy,
  pod: PolicyPod,
  direction: Direction,
  world: PolicyWorld,
): readonly string[] {
  const rules =
    direction === "ingress"
      ? policy.ingress.map(({ from, ports }) => ({ peers: from, ports }))
      : policy.egress.map(({ to, ports }) => ({ peers: to, ports }));
  return rules.flatMap(({ peers, ports }) => {
    const found =
      peers.length === 0 ? [ANYBODY] : peers.flatMap((peer) => endsOf(peer, policy, world));
    return found.flatMap((end) => {
      // The port is one of whoever is talked to.
      const target = direction === "ingress" ? pod : end.pod;
      const other =
        end.block === undefined ? "" : `${direction === "ingress" ? "-s" : "-d"} ${end.block} `;
      const matches = ports.length === 0 ? [""] : ports.flatMap((port) => portMatch(port, target));
      return matches.map((match) => `${other}${match}-j RETURN`);
    });
  });
}

/** Whom a peer stands for: a block of addresses, or everybody; and the pod when it is one. */
interface End {
  readonly block?: string;
  readonly pod?: PolicyPod;
}

const ANYBODY: End = {};

function endsOf(peer: Peer, policy: Policy, world: PolicyWorld): readonly End[] {
  const { ipBlock, podSelector, namespaceSelector } = peer;
  if (ipBlock !== undefined) {
    return blockWithout(ipBlock.cidr, ipBlock.except ?? []).map((block) => ({ block }));
  }
  return world.pods
    .filter(({ namespace, labels }) => {
      const isThere =
        namespaceSelector === undefined
          ? namespace === policy.namespace
          : isSelected(namespaceSelector, world.namespaces.get(namespace) ?? {});
      return isThere && (podSelector === undefined || isSelected(podSelector, labels));
    })
    .map((pod) => ({ block: `${pod.ip}/32`, pod }));
}

/** None when the port has a name that the pod does not know. */
function portMatch(
  { protocol, port, endPort }: Port,
  target: PolicyPod | undefined,
): readonly string[] {
  const match = `-p ${protocol.toLowerCase()} `;
  if (port === undefined) return [match];
  const number =
    typeof port === "number" ? port : target?.namedPorts.find(({ name }) => name === port)?.port;
  if (number === undefined) return [];
  return [`${match}--dport ${endPort === undefined ? number : `${number}:${endPort}`} `];
}

/**
 * What `iptables-restore --noflush` takes to replace chains, all at once.
 *
 * @param before the chains that were there: those that are no more are removed
 */
export function restoreText(chains: readonly Chain[], before: readonly string[]): string {
  const names = chains.map(({ name }) => name);
  const gone = before.filter((name) => !names.includes(name));
  const lines = [
    "*mangle",
    // Naming a chain makes it, or empties it.
    ...[...names, ...gone].map((name) => `:${name} - [0:0]`),
    ...chains.flatMap(({ name, rules }) => rules.map((rule) => `-A ${name} ${rule}`)),
    ...gone.map((name) => `-X ${name}`),
    "COMMIT",
  ];
  return `${lines.join("\n")}\n`;
}
