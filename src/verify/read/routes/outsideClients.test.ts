import { describe, expect, it } from "vitest";
import { APP_INI, poolerText, systemIn } from "../../../../test/verify/systemText.ts";

const POOLER = poolerText(APP_INI);
const CLUSTER = "spec: { selector: { app: pooler }";

/** What is missing of the clients outside of the cluster, or how many connections they have. */
function outside(text: string, annotations = {}): unknown {
  const found = systemIn(text, annotations).clients.filter(({ name }) => name.includes("outside"));
  return found.map(({ pool }) => (pool.known ? pool.value : pool.what.replace(/^.*: /, "")));
}

const service = (spec: string) =>
  POOLER.replace(CLUSTER, `spec: { ${spec}, selector: { app: pooler }`);
const pods = (from: string, to: string) => POOLER.replace(from, to);
const object = (apiVersion: string, kind: string, spec: string) =>
  `${POOLER}apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: r, namespace: db }\nspec: ${spec}\n`;
const tcp = (value: string) =>
  `${POOLER}apiVersion: v1\nkind: ConfigMap\nmetadata: { name: tcp, namespace: ingress }\ndata: { "6432": "${value}" }\n`;
const cnpg = (type: string) => `
apiVersion: postgresql.cnpg.io/v1
kind: Pooler
metadata: { name: p, namespace: db }
spec: { cluster: { name: pg }, pgbouncer: {}, serviceTemplate: { spec: { type: ${type} } } }
`;

describe("a pooler has clients outside of the cluster by", () => {
  it.each([
    ["a load balancer", service("type: LoadBalancer"), "Service db/pooler is of type LoadBalancer"],
    ["a node's port", service("type: NodePort"), "Service db/pooler is of type NodePort"],
    ["an address", service("externalIPs: [10.0.0.1]"), "Service db/pooler has externalIPs"],
    [
      "a hostPort",
      pods(
        "volumeMounts: [{ name: ini",
        "ports: [{ containerPort: 6432, hostPort: 6432 }]\n          volumeMounts: [{ name: ini",
      ),
      "Deployment db/pooler has a hostPort",
    ],
    [
      "the node's network",
      pods("      containers:", "      hostNetwork: true\n      containers:"),
      "Deployment db/pooler has hostNetwork",
    ],
    [
      "an Ingress",
      object(
        "networking.k8s.io/v1",
        "Ingress",
        "{ defaultBackend: { service: { name: pooler } } }",
      ),
      "Ingress db/r leads to it",
    ],
    [
      "a route of a gateway",
      object(
        "gateway.networking.k8s.io/v1",
        "TCPRoute",
        "{ rules: [{ backendRefs: [{ name: pooler, port: 6432 }] }] }",
      ),
      "TCPRoute db/r leads to it",
    ],
    [
      "Traefik",
      object(
        "traefik.io/v1alpha1",
        "IngressRouteTCP",
        "{ routes: [{ services: [{ name: pooler, port: 6432 }] }] }",
      ),
      "IngressRouteTCP db/r leads to it",
    ],
    [
      "NGINX",
      object(
        "k8s.nginx.org/v1",
        "TransportServer",
        "{ upstreams: [{ name: db, service: pooler, port: 6432 }] }",
      ),
      "TransportServer db/r leads to it",
    ],
    [
      "Emissary",
      object(
        "getambassador.io/v3alpha1",
        "TCPMapping",
        '{ port: 6432, service: "pooler.db:6432" }',
      ),
      "TCPMapping db/r leads to it",
    ],
    [
      "APISIX",
      object(
        "apisix.apache.org/v2",
        "ApisixRoute",
        "{ stream: [{ name: a, backend: { serviceName: pooler, servicePort: 6432 } }] }",
      ),
      "ApisixRoute db/r leads to it",
    ],
    [
      "Kong",
      object(
        "configuration.konghq.com/v1beta1",
        "TCPIngress",
        "{ rules: [{ port: 6432, backend: { serviceName: pooler, servicePort: 6432 } }] }",
      ),
      "TCPIngress db/r leads to it",
    ],
    [
      "Consul",
      object(
        "consul.hashicorp.com/v1alpha1",
        "IngressGateway",
        "{ listeners: [{ port: 6432, protocol: tcp, services: [{ name: pooler }] }] }",
      ),
      "IngressGateway db/r leads to it",
    ],
    [
      "Istio",
      object(
        "networking.istio.io/v1",
        "VirtualService",
        "{ gateways: [in], tcp: [{ route: [{ destination: { host: pooler } }] }] }",
      ),
      "VirtualService db/r leads to it",
    ],
    ["ingress-nginx", tcp("db/pooler:6432"), "ConfigMap ingress/tcp leads port 6432 to it"],
    ["a port's name", tcp("db/pooler:pg"), "ConfigMap ingress/tcp leads port 6432 to it"],
    [
      "Private Service Connect",
      object(
        "networking.gke.io/v1",
        "ServiceAttachment",
        "{ resourceRef: { kind: Service, name: pooler } }",
      ),
      "ServiceAttachment db/r leads to it",
    ],
    [
      "HAProxy",
      object(
        "ingress.v3.haproxy.org/v3",
        "TCP",
        "[{ name: pg, frontend: { name: fe }, service: { name: pooler, port: 6432 } }]",
      ),
      "TCP db/r leads to it",
    ],
    [
      "labels of its pods",
      object("cis.f5.com/v1", "IngressLink", "{ selector: { matchLabels: { app: pooler } } }"),
      "IngressLink db/r leads to it",
    ],
    [
      "a redirection of Cilium",
      object(
        "cilium.io/v2",
        "CiliumLocalRedirectPolicy",
        "{ redirectBackend: { localEndpointSelector: { matchLabels: { app: pooler } } } }",
      ),
      "CiliumLocalRedirectPolicy db/r leads to it",
    ],
    [
      "a name of Istio for its pods",
      object(
        "networking.istio.io/v1",
        "ServiceEntry",
        "{ hosts: [db.corp], workloadSelector: { labels: { app: pooler } } }",
      ),
      "ServiceEntry db/r leads to it",
    ],
    [
      "another name in the mesh",
      object(
        "networking.istio.io/v1",
        "VirtualService",
        "{ hosts: [db.corp], tcp: [{ route: [{ destination: { host: pooler } }] }] }",
      ),
      "VirtualService db/r gives it another name",
    ],
    [
      "another Service's route",
      object(
        "gateway.networking.k8s.io/v1",
        "TCPRoute",
        "{ parentRefs: [{ kind: Service, name: web }], rules: [{ backendRefs: [{ name: pooler }] }] }",
      ),
      "TCPRoute db/r gives it another name",
    ],
    [
      "a kind that is not known, by a reference",
      object("example.com/v1", "Exposer", "{ serviceRef: { name: pooler } }"),
      "Exposer db/r leads to it",
    ],
    [
      "a kind that is not known, by a port",
      object("example.com/v1", "Exposer", "{ backend: { service: pooler, port: 6432 } }"),
      "Exposer db/r leads to it",
    ],
    [
      "its operator",
      cnpg("LoadBalancer"),
      "Pooler db/p opens it by spec.serviceTemplate.spec.type",
    ],
  ])("%s", (_, text, why) => {
    expect(outside(text)).toEqual([why]);
  });

  it.each([
    ["nothing", POOLER],
    ["an address in the cluster", service("type: ClusterIP")],
    [
      "a route to something else",
      object("networking.k8s.io/v1", "Ingress", "{ defaultBackend: { service: { name: web } } }"),
    ],
    [
      "a mapping to another port",
      object("getambassador.io/v3alpha1", "TCPMapping", '{ port: 80, service: "pooler.db:9127" }'),
    ],
    [
      "a rule within the cluster",
      object(
        "networking.istio.io/v1",
        "VirtualService",
        "{ tcp: [{ route: [{ destination: { host: pooler } }] }] }",
      ),
    ],
    [
      "a listener that has its name",
      object(
        "gateway.networking.k8s.io/v1",
        "ListenerSet",
        "{ listeners: [{ name: pooler, port: 443 }] }",
      ),
    ],
    [
      "a rule about its own name",
      object(
        "networking.istio.io/v1",
        "VirtualService",
        "{ hosts: [pooler], tcp: [{ route: [{ destination: { host: pooler } }] }] }",
      ),
    ],
    [
      "a word of a kind that is not known",
      object("example.com/v1", "Objective", "{ service: pooler, services: [{ name: pooler }] }"),
    ],
    [
      "what a kind that is not known watches",
      object("example.com/v1", "PodScrape", "{ selector: { matchLabels: { app: pooler } } }"),
    ],
    [
      "a reference to another kind",
      object("example.com/v1", "Scaler", "{ serviceRef: { kind: Deployment, name: pooler } }"),
    ],
    ["another port", tcp("db/web:80")],
    ["its operator's usual Service", cnpg("ClusterIP")],
  ])("not by %s", (_, text) => {
    expect(outside(text)).toEqual([]);
  });

  it("are as many as an annotation says, of the Service or of the pooler", () => {
    const open = service("type: LoadBalancer");
    const annotated = (key: string, value: string) =>
      outside(open, { [key]: { "weir.dev/outside-clients": value } });
    expect(annotated("Service db/pooler", "7")).toEqual([7]);
    expect(annotated("Deployment db/pooler", "7")).toEqual([7]);
    expect(annotated("Service db/pooler", "0")).toEqual([]);
    expect(annotated("Service db/pooler", "some")).toEqual([
      "weir.dev/outside-clients is no whole number",
    ]);
  });

  it.each([
    ["Deployment db/pooler", POOLER, "40"],
    ["Service db/pooler", POOLER, "40"],
    ["Pooler db/p", cnpg("ClusterIP"), "40"],
    ["Deployment db/pooler", POOLER, "some"],
  ])("are also of %s where nothing opens it, %#", (key, text, value) => {
    const expected = value === "some" ? "weir.dev/outside-clients is no whole number" : 40;
    expect(outside(text, { [key]: { "weir.dev/outside-clients": value } })).toEqual([expected]);
  });
});

function isClosed(text: string, key: string, value: string): unknown {
  return systemIn(text, { [key]: { "weir.dev/outside-clients": value } }).poolers[0]?.isClosed;
}

describe("nobody connects who is not among the objects", () => {
  it.each([
    ["Deployment db/pooler", POOLER, "0", true],
    ["Service db/pooler", POOLER, "0", true],
    ["Pooler db/p", cnpg("ClusterIP"), "0", true],
    ["Deployment db/pooler", POOLER, "4", undefined],
    ["Deployment db/other", POOLER, "0", undefined],
    // There it is said of those outside of the cluster.
    ["Deployment db/pooler", service("type: LoadBalancer"), "0", undefined],
    ["Service db/pooler", service("type: LoadBalancer"), "0", undefined],
    ["Pooler db/p", cnpg("LoadBalancer"), "0", undefined],
  ])("by an annotation of %s, %#", (key, text, value, expected) => {
    expect(isClosed(text, key, value)).toBe(expected);
  });
});
