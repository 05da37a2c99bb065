import { describe, expect, it } from "vitest";
import {
  APP_INI,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";

const POOLER = poolerText(APP_INI);

/** A Service in namespace db. */
const service = (name: string, spec: string, metadata = "") =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: db${metadata} }\nspec: { ${spec} }\n---\n`;

const postgres = (name: string, pod = "", container = "", metadata = "") => `
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: ${name}, namespace: db${metadata} }
spec:
  serviceName: ${name}
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      ${pod}
      containers:
        - { name: pg, image: "postgres:17"${container} }
---
`;

const PG =
  postgres("pg") + service("pg", "selector: { app: pg }, ports: [{ port: 5432 }, { port: 9187 }]");
const toPg = (more: string) => `${more}, selector: { app: pg }, ports: [{ port: 5432 }]`;
const route = (apiVersion: string, kind: string, spec: string, name = "r") =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name}, namespace: db }\nspec: ${spec}\n---\n`;

/** What is missing of the clients outside of the cluster, or their connections, and where they go. */
function outside(text: string, annotations = {}): unknown {
  const found = systemIn(text, annotations).clients.filter(({ name }) => name.includes("outside"));
  return found.map(({ pool, target }) => [
    target.kind === "postgres" ? target.postgres : target.pooler,
    pool.known ? pool.value : pool.what.replace(/^.*: /, ""),
  ]);
}

const ADDRESS = "pg.db.svc.cluster.local:5432";

describe("a Postgres behind a pooler has clients outside of the cluster by", () => {
  it.each([
    [
      "a load balancer",
      PG + service("ext", toPg("type: LoadBalancer")),
      "Service db/ext is of type LoadBalancer",
    ],
    [
      "a node's port",
      PG + service("ext", toPg("type: NodePort")),
      "Service db/ext is of type NodePort",
    ],
    [
      "a type that is not known yet",
      PG + service("ext", toPg("type: '${TYPE}'")),
      "Service db/ext is of type ${TYPE}",
    ],
    [
      "addresses",
      PG + service("ext", toPg("externalIPs: [10.0.0.1]")),
      "Service db/ext has externalIPs",
    ],
    [
      "a Service of one pod",
      PG +
        service(
          "ext",
          `type: LoadBalancer, selector: { statefulset.kubernetes.io/pod-name: pg-0 }, ports: [{ port: 5432 }]`,
        ),
      "Service db/ext is of type LoadBalancer",
    ],
    [
      "an annotation of its Service",
      PG +
        service(
          "ext",
          "selector: { app: pg }, ports: [{ port: 5432 }]",
          `, annotations: { tailscale.com/expose: "true" }`,
        ),
      "Service db/ext is exposed by Tailscale's operator (tailscale.com/expose)",
    ],
    [
      "an annotation of what runs it",
      postgres("pg", "", "", ", annotations: { skupper.io/proxy: tcp }") +
        service("pg", "selector: { app: pg }, ports: [{ port: 5432 }]"),
      "StatefulSet db/pg is exposed by Skupper (skupper.io/proxy)",
    ],
    [
      "a hostPort",
      postgres("pg", "", ", ports: [{ containerPort: 5432, hostPort: 5432 }]") +
        service("pg", "selector: { app: pg }, ports: [{ port: 5432 }]"),
      "StatefulSet db/pg has a hostPort",
    ],
    [
      "the node's network",
      postgres("pg", "hostNetwork: true") +
        service("pg", "selector: { app: pg }, ports: [{ port: 5432 }]"),
      "StatefulSet db/pg has hostNetwork",
    ],
    [
      "a route",
      PG +
        route(
          "gateway.networking.k8s.io/v1alpha2",
          "TCPRoute",
          "{ parentRefs: [{ name: gate }], rules: [{ backendRefs: [{ name: pg, port: 5432 }] }] }",
        ),
      "TCPRoute db/r leads to it",
    ],
    [
      "ingress-nginx",
      `${PG}apiVersion: v1\nkind: ConfigMap\nmetadata: { name: tcp, namespace: ingress }\ndata: { "5432": "db/pg:5432" }\n---\n`,
      "ConfigMap ingress/tcp leads port 5432 to it",
    ],
    [
      "an export to other clusters",
      PG + route("multicluster.x-k8s.io/v1alpha1", "ServiceExport", "{}", "pg"),
      "ServiceExport db/pg exports it to other clusters",
    ],
    [
      "a load balancer made elsewhere",
      PG +
        route(
          "elbv2.k8s.aws/v1beta1",
          "TargetGroupBinding",
          "{ serviceRef: { name: pg, port: 5432 } }",
        ),
      "TargetGroupBinding db/r leads to it",
    ],
    [
      "a selector of Skupper",
      PG +
        route(
          "skupper.io/v2alpha1",
          "Connector",
          "{ routingKey: x, selector: app=pg, port: 5432 }",
        ),
      "Connector db/r leads to it",
    ],
  ])("%s", (_, text, why) => {
    expect(outside(POOLER + text)).toEqual([[ADDRESS, why]]);
  });

  it.each([
    ["nothing", PG],
    ["an address in the cluster", PG + service("ext", toPg("type: ClusterIP"))],
    [
      "a load balancer to something else",
      PG + service("ext", "type: LoadBalancer, selector: { app: web }, ports: [{ port: 5432 }]"),
    ],
    [
      "a load balancer to another port of it",
      PG + service("ext", "type: LoadBalancer, selector: { app: pg }, ports: [{ port: 9187 }]"),
    ],
    [
      "the pod of another",
      PG +
        service(
          "ext",
          `type: LoadBalancer, selector: { statefulset.kubernetes.io/pod-name: other-0 }, ports: [{ port: 5432 }]`,
        ),
    ],
    [
      "an annotation that says no",
      PG +
        service(
          "ext",
          "selector: { app: pg }, ports: [{ port: 5432 }]",
          `, annotations: { tailscale.com/expose: "false" }`,
        ),
    ],
    [
      "an annotation that only names it",
      PG +
        service(
          "ext",
          "selector: { app: pg }, ports: [{ port: 5432 }]",
          `, annotations: { external-dns.alpha.kubernetes.io/hostname: pg.example.com }`,
        ),
    ],
    [
      "a port of the node's loopback",
      postgres("pg", "", `, ports: [{ containerPort: 5432, hostPort: 5432, hostIP: 127.0.0.1 }]`) +
        service("pg", "selector: { app: pg }, ports: [{ port: 5432 }]"),
    ],
    [
      "a gateway's listener of its name",
      PG +
        route(
          "gateway.networking.k8s.io/v1",
          "Gateway",
          "{ listeners: [{ name: pg, port: 5432 }] }",
        ),
    ],
    [
      "a permission for routes of another namespace",
      PG +
        route(
          "gateway.networking.k8s.io/v1beta1",
          "ReferenceGrant",
          "{ to: [{ kind: Service, name: pg }] }",
        ),
    ],
    [
      "an export of another Service",
      PG + route("multicluster.x-k8s.io/v1alpha1", "ServiceExport", "{}", "web"),
    ],
    [
      "a load balancer of a Postgres that no pooler leads to",
      PG +
        postgres("other") +
        service("other", "type: LoadBalancer, selector: { app: other }, ports: [{ port: 5432 }]"),
    ],
  ])("not by %s", (_, text) => {
    expect(outside(POOLER + text)).toEqual([]);
  });

  it("of which an annotation says how many connections they open", () => {
    const text = POOLER + PG + service("ext", toPg("type: LoadBalancer"));
    const annotated = (key: string, value: string) =>
      outside(text, { [key]: { "weir.dev/outside-clients": value } });
    expect(annotated("Service db/ext", "7")).toEqual([[ADDRESS, 7]]);
    expect(annotated("StatefulSet db/pg", "7")).toEqual([[ADDRESS, 7]]);
    expect(annotated("Service db/ext", "0")).toEqual([]);
  });

  it("of several Services each has its own", () => {
    const text =
      POOLER +
      PG +
      service("one", toPg("type: LoadBalancer")) +
      service("two", toPg("type: NodePort"));
    const by = { "weir.dev/outside-clients": "3" };
    expect(outside(text)).toEqual([[ADDRESS, "Service db/one is of type LoadBalancer"]]);
    expect(outside(text, { "Service db/two": by })).toEqual([
      [ADDRESS, 3],
      [ADDRESS, "Service db/one is of type LoadBalancer"],
    ]);
    expect(outside(text, { "Service db/one": by, "Service db/two": by })).toEqual([
      [ADDRESS, 3],
      [ADDRESS, 3],
    ]);
    expect(outside(text, { "StatefulSet db/pg": by })).toEqual([[ADDRESS, 3]]);
  });

  it("without a pooler, where another client has a sum there", () => {
    const text =
      PG +
      service("ext", toPg("type: LoadBalancer")) +
      deploymentText({ DATABASE_URL: "postgres://app@pg:5432/app?connection_limit=3" });
    expect(outside(text)).toEqual([[ADDRESS, "Service db/ext is of type LoadBalancer"]]);
  });
});
