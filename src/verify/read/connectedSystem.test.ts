import { expect, test } from "vitest";
import { APP_INI, deploymentText, poolerText, systemIn } from "../../../test/verify/systemText.ts";

/** A Service before pods that weir does not know. */
const RELAY = `
apiVersion: v1
kind: Service
metadata: { name: pg, namespace: db }
spec: { selector: { app: relay }, ports: [{ port: 5432 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: relay, namespace: db }
spec:
  template:
    metadata: { labels: { app: relay } }
    spec: { containers: [{ name: relay, image: "registry.example/relay:1" }] }
---
`;

test.each(["pg", "pg,other", "other,pg"])(
  "a client past the pooler is one of each host of a line: host=%s",
  (hosts) => {
    const ini = APP_INI.replace("host=pg", `host=${hosts}`);
    const { clients } = systemIn(poolerText(ini) + RELAY + deploymentText({ DB_HOST: "pg" }));
    expect(
      clients.map(({ target }) => (target.kind === "postgres" ? target.postgres : "")),
    ).toEqual(["pg.db.svc.cluster.local:5432"]);
  },
);
