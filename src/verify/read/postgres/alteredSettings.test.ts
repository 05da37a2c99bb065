import { describe, expect, it } from "vitest";
import { figure, systemIn } from "../../../../test/verify/systemText.ts";

const POSTGRES = `
apiVersion: v1
kind: Pod
metadata: { name: pg, namespace: db, annotations: {} }
spec: { containers: [{ name: pg, image: "postgres:17", args: [-c, max_connections=100] }] }
---
`;

function job(container: string, data = "{}"): string {
  return `
apiVersion: v1
kind: ConfigMap
metadata: { name: sql, namespace: db }
data: ${data}
---
apiVersion: batch/v1
kind: Job
metadata: { name: tune, namespace: db }
spec:
  template:
    spec:
      containers: [{ name: c, image: "postgres:17", ${container}, volumeMounts: [{ name: v, mountPath: /sql }] }]
      volumes: [{ name: v, configMap: { name: sql } }]
`;
}

function admitted(text: string, annotations = {}): unknown {
  return systemIn(POSTGRES + text, annotations).postgres.map(({ available }) => figure(available));
}

const ASKED = ["max_connections of Postgres, which Job db/tune sets by ALTER SYSTEM"];

describe("max_connections", () => {
  it.each([
    ["nobody", "", [97]],
    [
      "psql of a Job",
      job('command: [psql, -h, pg, -c, "ALTER SYSTEM SET max_connections = 20"]'),
      ASKED,
    ],
    [
      "a script of one",
      job("command: [psql, -f, /sql/a.sql]", '{ a.sql: "alter system reset MAX_CONNECTIONS;" }'),
      ASKED,
    ],
    ["nothing: another setting", job('command: [psql, -c, "ALTER SYSTEM SET work_mem = 8"]'), [97]],
    ["nothing: it is shown", job('command: [psql, -c, "SHOW max_connections"]'), [97]],
  ])("is set by %s", (_, text, expected) => {
    expect(admitted(text)).toEqual(expected);
  });

  it("is what an annotation says", () => {
    const text = job('command: [psql, -c, "ALTER SYSTEM SET max_connections = 20"]');
    const said = { "Pod db/pg": { "weir.dev/available-connections": "17" } };
    expect(admitted(text, said)).toEqual([17]);
  });
});
