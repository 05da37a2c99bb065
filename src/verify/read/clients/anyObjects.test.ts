import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import {
  APP_INI,
  clientShape,
  deploymentText,
  poolerShape,
  poolerText,
} from "../../../../test/verify/systemText.ts";
import type { ManifestObject } from "../../sourcePosition.ts";
import { isMapping } from "../../../json/fields.ts";
import { readObjects } from "../readObjects.ts";
import { PRODUCTS } from "../../../../test/verify/products.ts";
import { readSystem } from "../readSystem.ts";
import type { System } from "../../system.ts";
import type { Quantity } from "../../quantity.ts";

/** Objects of every kind that is read. */
const TEXTS = [
  readFileSync("test/golden/scaled.output.yaml", "utf8"),
  poolerText(APP_INI),
  deploymentText({ DATABASE_URL: "postgres://a:b@pooler:6432/app?pool_size=3", DB_HOST: "pooler" }),
  `
apiVersion: postgresql.cnpg.io/v1
kind: Pooler
metadata: { name: a, namespace: db }
spec: { cluster: { name: c }, instances: 2, type: rw, pgbouncer: { parameters: { max_client_conn: "5" } } }
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: c, namespace: db }
spec: { instances: 1, postgresql: { parameters: { max_connections: "50" } } }
---
apiVersion: acid.zalan.do/v1
kind: postgresql
metadata: { name: z, namespace: db }
spec: { enableConnectionPooler: true, connectionPooler: { numberOfInstances: 2, maxDBConnections: 9 } }
---
apiVersion: postgres-operator.crunchydata.com/v1beta1
kind: PostgresCluster
metadata: { name: h, namespace: db }
spec: { proxy: { pgBouncer: { replicas: 1, config: { databases: { a: "host=x" } } } } }
---
apiVersion: kubedb.com/v1
kind: PgBouncer
metadata: { name: k, namespace: db }
spec: { replicas: 1, database: { databaseName: a, databaseRef: { name: x } }, configSecret: { name: s }, connectionPool: { port: 5432, maxDBConnections: 9 } }
---
apiVersion: stackgres.io/v1
kind: SGCluster
metadata: { name: g, namespace: db }
spec: { instances: 2, configurations: { pooling: { pgBouncer: { pgbouncer.ini: { databases: { a: { pool_size: 3 } } } } } } }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: j, namespace: db }
spec: { concurrencyPolicy: Forbid, jobTemplate: { spec: { template: { spec: { containers: [{ name: c, image: x, env: [{ name: DB_HOST, value: pooler }] }] } } } } }
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: s, namespace: db }
spec: { scaleTargetRef: { name: app }, maxReplicaCount: 3 }
`,
];
const { objects: OBJECTS } = readObjects([{ name: "all.yaml", text: TEXTS.join("\n---\n") }]);

const ORDER = [...OBJECTS.keys()];

/** The value with whatever stands at one place of it, chosen by these numbers, replaced. */
function replaced(value: unknown, way: readonly number[], by: unknown): unknown {
  const [first = 0, ...rest] = way;
  if (Array.isArray(value) && value.length > 0 && way.length > 0) {
    const at = first % value.length;
    return value.map((item: unknown, index) => (index === at ? replaced(item, rest, by) : item));
  }
  if (isMapping(value) && Object.keys(value).length > 0 && way.length > 0) {
    const name = Object.keys(value)[first % Object.keys(value).length] ?? "";
    return { ...value, [name]: replaced(value[name], rest, by) };
  }
  return by;
}

/** All numbers that are known. */
function figuresIn({ poolers, clients, postgres }: System): readonly number[] {
  const figures: (Quantity | undefined)[] = [
    ...clients.flatMap(({ pods, processesPerPod, pool }) => [pods, processesPerPod, pool]),
    ...postgres.map(({ available }) => available),
    ...poolers.flatMap(({ share, groups }) => [
      share,
      ...groups.flatMap(({ processes, capacity, lines, userLimits }) => [
        processes,
        capacity,
        ...userLimits.values(),
        ...lines.flatMap((line) => [
          line.poolSize,
          line.reservePool,
          line.maxBackends,
          line.maxClients,
        ]),
      ]),
    ]),
  ];
  return figures.flatMap((figure) => (figure?.known ? [figure.value] : []));
}

/** What matters of a system, in an order of its own. */
function seen(objects: readonly ManifestObject[]): readonly string[] {
  const { poolers, clients, postgres, missing } = readSystem(objects, PRODUCTS);
  return [
    ...poolers.map(poolerShape),
    ...clients.map(clientShape),
    ...postgres.map(({ address, aliases }) => [address, aliases.toSorted()]),
    ...missing.map(({ what }) => what),
  ]
    .map((one) => JSON.stringify(one))
    .toSorted();
}

it("whatever stands in a field, the system is read, and no figure is less than nothing", () => {
  const way = fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 12 });
  const change = fc.record({ object: fc.nat(), way, by: fc.jsonValue() });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
      const objects: ManifestObject[] = [...OBJECTS];
      for (const { object: at, way: to, by } of changes) {
        const object = objects[at % objects.length];
        const value = replaced(object?.value, to, by);
        if (object !== undefined && isMapping(value)) {
          objects[at % objects.length] = { ...object, value };
        }
      }
      const values = figuresIn(readSystem(objects, PRODUCTS));
      expect(values.filter((value) => !Number.isSafeInteger(value) || value < 0)).toEqual([]);
    }),
    { numRuns: 100 },
  );
});

it("the order of the objects changes nothing but the order of what is found", () => {
  const expected = seen(OBJECTS);
  expect(expected.length).toBeGreaterThan(10);
  fc.assert(
    fc.property(fc.shuffledSubarray(ORDER, { minLength: ORDER.length }), (order) => {
      expect(seen(order.flatMap((at) => OBJECTS[at] ?? []))).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});
