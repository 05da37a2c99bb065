import { describe, expect, it } from "vitest";
import {
  APP_INI,
  clientShape,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";

const POSTGRES = `
apiVersion: v1
kind: Service
metadata: { name: pg, namespace: db }
spec: { selector: { app: pg }, ports: [{ port: 5432 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: pg, namespace: db, labels: { app: pg } }
spec: { containers: [{ name: pg, image: "postgres:17", ports: [{ containerPort: 5432 }] }] }
---
`;

/** A pod `proxy` with its Service; a file is one of a mounted ConfigMap. */
function proxyText(container: string, file = "", service = ""): string {
  const lines = file.split("\n").map((line) => `    ${line}`);
  return `
apiVersion: v1
kind: Service
metadata: { name: proxy, namespace: db }
spec: { selector: { app: proxy }, ports: [{ port: 7000 }]${service} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: conf, namespace: db }
data:
  main.conf: |
${lines.join("\n")}
---
apiVersion: v1
kind: Pod
metadata: { name: proxy, namespace: db, labels: { app: proxy } }
spec:
  containers: [{ name: c, ${container}, volumeMounts: [{ name: v, mountPath: /etc/x }] }]
  volumes: [{ name: v, configMap: { name: conf } }]
---
`;
}

const NGINX = "image: nginxinc/nginx-unprivileged:1";
const HAPROXY = "image: haproxy:3.0";
const PG = "pg.db.svc.cluster.local:5432";
const CLIENT = deploymentText({ DB_HOST: "proxy", DB_PORT: "7000", DB_POOL_MAX: "9" });

function systemWith(...texts: readonly string[]): ReturnType<typeof systemIn> {
  return systemIn([poolerText(APP_INI), POSTGRES, ...texts].join("\n---\n"));
}

describe("a TCP proxy", () => {
  it.each([
    [NGINX, "stream { server { listen 7000; proxy_pass pg:5432; } }"],
    [
      NGINX,
      "stream {\n upstream pg { server pg.db.svc:5432; }\n server { listen [::]:7000; proxy_pass pg; } }",
    ],
    [
      HAPROXY,
      "frontend in\n  bind *:7000\n  mode tcp\nbackend out\n  mode tcp\n  server a pg:5432 check",
    ],
    [HAPROXY, "listen pg :7000\n  mode tcp\n  server pg pg.db"],
    [
      HAPROXY,
      "listen pg\n bind :7000\n server-template p 3 _postgresql._tcp.pg.db.svc.cluster.local:5432",
    ],
    [
      "image: envoyproxy/envoy:v1.30",
      "listeners:\n- address: { socket_address: { address: 0.0.0.0, port_value: 7000 } }\nclusters:\n- address:\n    socket_address:\n      address: pg\n      port_value: 5432",
    ],
    ["image: envoyproxy/envoy:v1.30", '{"socket_address": {"address": "pg", "port_value": 5432}}'],
    ['image: alpine/socat, args: ["TCP-LISTEN:7000,fork,reuseaddr", "TCP:pg:5432"]', ""],
    ['image: alpine:3, command: [sh, -c, "exec socat tcp-l:7000,fork tcp4:pg:5432"]', ""],
    [
      'image: bitnami/kubectl, command: [kubectl, port-forward, --address, 0.0.0.0, svc/pg, "7000:5432"]',
      "",
    ],
  ])("%s %j leads its clients to Postgres", (container, file) => {
    const system = systemWith(proxyText(container, file), CLIENT);
    expect(system.missing).toEqual([]);
    expect(system.clients.map(clientShape)).toEqual([
      ["Deployment db/app, container server", 1, 9, PG],
    ]);
  });

  it("leads to a pooler, which has its clients", () => {
    const text = proxyText(NGINX, "stream { server { listen 7000; proxy_pass pooler:6432; } }");
    const client = deploymentText({
      DATABASE_URL: "postgres://u@proxy:7000/app",
      DB_POOL_MAX: "4",
    });
    const { clients, missing } = systemWith(text, client);
    expect(missing).toEqual([]);
    expect(clients.map(clientShape)).toEqual([
      ["Deployment db/app, container server", 1, 4, "Deployment db/pooler", "app", "u"],
    ]);
  });

  it("before Postgres outside of the objects is that Postgres", () => {
    const ini = APP_INI.replace("host=pg", "host=main.rds.example.com");
    const text = proxyText(HAPROXY, "listen a\n bind :7000\n server a main.rds.example.com:5432");
    const { clients } = systemIn([poolerText(ini), text, CLIENT].join("\n---\n"));
    expect(clients.map(clientShape)).toEqual([
      ["Deployment db/app, container server", 1, 9, "main.rds.example.com:5432"],
    ]);
  });

  it("that a line leads to is what it leads to", () => {
    const ini = APP_INI.replace("host=pg port=5432", "host=proxy port=7000");
    const text = proxyText(NGINX, "stream { server { listen 7000; proxy_pass pg:5432; } }");
    const { poolers, missing } = systemIn([poolerText(ini), POSTGRES, text].join("\n---\n"));
    expect(poolers[0]?.groups[0]?.lines.map(({ postgres }) => postgres)).toEqual([PG]);
    expect(missing).toEqual([]);
  });

  it("that weir can't read is the Postgres of the line that names it", () => {
    const ini = APP_INI.replace("host=pg port=5432", "host=proxy port=7000");
    const text = proxyText("image: registry.example/own-proxy:1");
    const { clients } = systemIn([poolerText(ini), text, CLIENT].join("\n---\n"));
    expect(clients.map(clientShape)).toEqual([
      ["Deployment db/app, container server", 1, 9, "proxy.db.svc.cluster.local:7000"],
    ]);
  });

  it.each([
    ["has a load balancer", "", ", type: LoadBalancer"],
    ["has a hostPort", ", ports: [{ containerPort: 7000, hostPort: 7000 }]", ""],
  ])("that %s has clients outside", (_, more, service) => {
    const conf = "stream { server { listen 7000; proxy_pass pg:5432; } }";
    const { clients, missing } = systemWith(proxyText(NGINX + more, conf, service));
    expect(missing).toEqual([]);
    expect(clients.map(({ name, pool }) => [name, pool.known])).toEqual([
      ["clients outside of the cluster, of Pod db/pg", false],
    ]);
  });

  it.each([
    [
      "nobody",
      "stream { server { listen 7000; proxy_pass pg:5432; } }",
      "",
      /^who connects to Pod db\/proxy/,
    ],
    [
      "clients, and leads to two",
      "stream { server { listen 7000; proxy_pass pg:5432; } server { listen 6432; proxy_pass pooler:6432; } }",
      CLIENT,
      /^what the clients of Pod db\/proxy open, and where: .* leads to pg\.db.* and Deployment db\/pooler$/,
    ],
  ])("that has %s is asked about", (_, conf, client, question) => {
    const { missing, clients } = systemWith(proxyText(NGINX, conf), client);
    expect(clients).toEqual([]);
    expect(missing.map(({ what }) => what)).toEqual([expect.stringMatching(question)]);
  });

  it("of which nothing says where it leads is asked about", () => {
    const socat = 'image: alpine/socat, args: ["TCP-LISTEN:7000", "TCP:$(TARGET)"]';
    const { missing } = systemWith(proxyText(socat), CLIENT);
    expect(missing.map(({ what }) => what)).toEqual([
      expect.stringMatching(/of which weir can't read where it leads$/),
    ]);
  });

  it.each([
    [
      "image: nginx:1",
      "http { upstream web { server web:8080; } server { listen 80; proxy_pass http://web; } }",
    ],
    ["image: haproxy:3", "listen redis\n bind :6379\n server r redis:6379"],
    ["image: haproxy:3", "listen a\n bind :80\n # server pg pg:5432\n server w web:80"],
    ['image: alpine/socat, args: ["TCP-LISTEN:7000", "TCP:redis:6379"]', ""],
    ["image: nginx:1", ""],
  ])("%s %j is none of Postgres", (container, file) => {
    const { missing, clients } = systemWith(proxyText(container, file));
    expect(missing).toEqual([]);
    expect(clients).toEqual([]);
  });

  it("in a pod leads the other container on", () => {
    const text = deploymentText(
      { DATABASE_URL: "postgres://u@localhost:7000/app", DB_POOL_MAX: "3" },
      `
        - name: forward
          image: alpine/socat
          args: ["TCP-LISTEN:7000,fork", "TCP:pg:5432"]`,
    );
    const { clients, missing } = systemWith(text);
    expect(missing).toEqual([]);
    expect(clients.map(clientShape)).toEqual([["Deployment db/app, container server", 1, 3, PG]]);
  });

  it("that opens connections of its own counts", () => {
    const container = `${NGINX}, env: [{ name: DATABASE_URL, value: "postgres://u@pg/app" }, { name: DB_POOL_MAX, value: "2" }]`;
    const conf = "stream { server { listen 7000; proxy_pass pg:5432; } }";
    const { clients } = systemWith(proxyText(container, conf), CLIENT);
    expect(clients.map(clientShape)).toEqual([
      ["Pod db/proxy, container c", 1, 2, PG],
      ["Deployment db/app, container server", 1, 9, PG],
    ]);
  });
});
