import { expect, test } from "vitest";

import { policyChains, type PolicyWorld, restoreText } from "./networkPolicies.ts";
import { policyOf, type PolicyPod } from "./policyObjects.ts";

const server: PolicyPod = {
  namespace: "writing",
  labels: { app: "server" },
  ip: "10.160.0.2",
  namedPorts: [{ name: "mcp", port: 3000 }],
};
const pooler: PolicyPod = {
  namespace: "writing",
  labels: { app: "pgbouncer" },
  ip: "10.160.0.3",
  namedPorts: [{ name: "pg", port: 6432 }],
};
const dns: PolicyPod = {
  namespace: "kube-system",
  labels: { "k8s-app": "kube-dns" },
  ip: "10.160.0.4",
  namedPorts: [],
};

/** @param specs of policies in the servers' namespace, as the API has them */
function worldWith(...specs: readonly object[]): PolicyWorld {
  return {
    pods: [server, pooler, dns],
    namespaces: new Map([
      ["writing", { team: "books" }],
      ["kube-system", { "kubernetes.io/metadata.name": "kube-system" }],
    ]),
    policies: specs.map((spec) =>
      policyOf({
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { namespace: "writing" },
        spec,
      }),
    ),
    hostIp: "10.250.0.1",
  };
}

/** The rules of a chain. */
function chain(world: PolicyWorld, name: string): readonly string[] | undefined {
  return policyChains(world).find((one) => one.name === name)?.rules;
}

test("without a policy, all may talk", () => {
  expect(policyChains(worldWith())).toEqual([
    {
      name: "WEIR-POLICY",
      rules: ["-m conntrack --ctstate ESTABLISHED,RELATED -j RETURN", "-s 10.250.0.1 -j RETURN"],
    },
  ]);
});

test("a policy isolates the pods that it selects, in its namespace and its directions", () => {
  const world = worldWith({ podSelector: {}, policyTypes: ["Ingress"] });
  expect(chain(world, "WEIR-POLICY")?.slice(2)).toEqual([
    "-d 10.160.0.2 -j WEIR-IN-10.160.0.2",
    "-d 10.160.0.3 -j WEIR-IN-10.160.0.3",
  ]);
  expect(chain(world, "WEIR-IN-10.160.0.2")).toEqual(["-j DROP"]);
});

test("ingress: the port is the pod's own, by number, range or name", () => {
  const world = worldWith({
    podSelector: { matchLabels: { app: "pgbouncer" } },
    policyTypes: ["Ingress"],
    ingress: [
      {
        from: [{ podSelector: { matchLabels: { app: "server" } } }],
        ports: [
          { port: "pg" },
          { port: 9000, endPort: 9010, protocol: "UDP" },
          { port: "unknown" },
        ],
      },
    ],
  });
  expect(chain(world, "WEIR-IN-10.160.0.3")).toEqual([
    "-s 10.160.0.2/32 -p tcp --dport 6432 -j RETURN",
    "-s 10.160.0.2/32 -p udp --dport 9000:9010 -j RETURN",
    "-j DROP",
  ]);
});

test("egress: the port is that of whom the pod talks to", () => {
  const world = worldWith({
    podSelector: { matchLabels: { app: "server" } },
    policyTypes: ["Egress"],
    egress: [
      { ports: [{ port: 53, protocol: "UDP" }] },
      { to: [{ podSelector: { matchLabels: { app: "pgbouncer" } } }], ports: [{ port: "pg" }] },
      { to: [{ ipBlock: { cidr: "10.1.0.0/31", except: ["10.1.0.0/32"] } }], ports: [{}] },
    ],
  });
  expect(chain(world, "WEIR-OUT-10.160.0.2")).toEqual([
    "-p udp --dport 53 -j RETURN",
    "-d 10.160.0.3/32 -p tcp --dport 6432 -j RETURN",
    "-d 10.1.0.1/32 -p tcp -j RETURN",
    "-j DROP",
  ]);
});

/** Who is let in to the server when its policy names one peer. */
function letIn(peer: object): readonly string[] | undefined {
  const podSelector = { matchLabels: { app: "server" } };
  const spec = { podSelector, policyTypes: ["Ingress"], ingress: [{ from: [peer] }] };
  return chain(worldWith(spec), "WEIR-IN-10.160.0.2");
}

test("a namespace is chosen by its labels, and the pods in it by theirs", () => {
  const system = { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } };
  const dnsOnly = ["-s 10.160.0.4/32 -j RETURN", "-j DROP"];
  expect(letIn({ namespaceSelector: system })).toEqual(dnsOnly);
  const podSelector = { matchLabels: { app: "server" } };
  expect(letIn({ namespaceSelector: system, podSelector })).toEqual(["-j DROP"]);
  const others = { matchExpressions: [{ key: "team", operator: "DoesNotExist" }] };
  expect(letIn({ namespaceSelector: others })).toEqual(dnsOnly);
  const books = { matchExpressions: [{ key: "team", operator: "In", values: ["books"] }] };
  expect(letIn({ namespaceSelector: books, podSelector })).toEqual([
    "-s 10.160.0.2/32 -j RETURN",
    "-j DROP",
  ]);
});

test("an empty rule allows all, and several policies what one of them allows", () => {
  const podSelector = { matchLabels: { app: "server" } };
  const world = worldWith(
    { podSelector, policyTypes: ["Ingress"] },
    { podSelector, policyTypes: ["Ingress"], ingress: [{}] },
  );
  expect(chain(world, "WEIR-IN-10.160.0.2")).toEqual(["-j RETURN", "-j DROP"]);
});

test("chains are replaced at once, and those that are no more removed", () => {
  expect(restoreText([{ name: "A", rules: ["-j DROP"] }], ["A", "B"])).toBe(
    "*mangle\n:A - [0:0]\n:B - [0:0]\n-A A -j DROP\n-X B\nCOMMIT\n",
  );
});
