import { describe, expect, it } from "vitest";
import { figure, systemIn } from "../../../test/verify/systemText.ts";

const cluster = (files: string, config = "", kind = "PostgresCluster") => `
apiVersion: ${kind === "PostgresCluster" ? "postgres-operator.crunchydata.com/v1beta1" : "pgv2.percona.com/v2"}
kind: ${kind}
metadata: { name: pg, namespace: db }
spec: { proxy: { pgBouncer: { replicas: 1, strategy: { type: Recreate }, config: { files: ${files}${config} } } } }
---
`;
const INI = `
apiVersion: v1
kind: ConfigMap
metadata: { name: extra, namespace: db }
data:
  pgbouncer.ini: |
    [pgbouncer]
    max_client_conn = 700
    default_pool_size = 7
    %include /etc/pgbouncer/more.ini
  more.ini: |
    [databases]
    app = host=pg-primary pool_size=3
---
`;

/** `[capacity, lines]`, or what is missing. */
function read(text: string): unknown {
  const [pooler] = systemIn(text).poolers;
  const [group] = pooler?.groups ?? [];
  return [
    figure(group?.capacity),
    group?.lines.map(({ name, poolSize }) => [name, figure(poolSize)]),
  ];
}

const ALL = "[{ configMap: { name: extra } }]";

describe("files of Crunchy's PgBouncer", () => {
  it.each([
    [
      "all of them",
      cluster(ALL) + INI,
      [
        700,
        [
          ["app", 3],
          ["*", 7],
        ],
      ],
    ],
    [
      "those of Percona's",
      cluster(ALL, "", "PerconaPGCluster") + INI,
      [
        700,
        [
          ["app", 3],
          ["*", 7],
        ],
      ],
    ],
    [
      "what its own settings go before",
      cluster(ALL, ', global: { max_client_conn: "50" }') + INI,
      [
        50,
        [
          ["app", 3],
          ["*", 7],
        ],
      ],
    ],
    [
      "one of another name",
      cluster("[{ configMap: { name: extra, items: [{ key: more.ini, path: pgbouncer.ini }] } }]") +
        INI,
      [
        100,
        [
          ["app", 3],
          ["*", 20],
        ],
      ],
    ],
    [
      "none, where nothing includes it",
      cluster("[{ secret: { name: certs, items: [{ key: a, path: ca.crt }] } }]"),
      [100, [["*", 20]]],
    ],
    [
      "one that is not among the objects",
      cluster("[{ secret: { name: extra } }]"),
      ["what PgBouncer of PostgresCluster db/pg reads in the files of Secret db/extra", []],
    ],
    [
      "one that includes what is not there",
      cluster(
        "[{ configMap: { name: extra, items: [{ key: pgbouncer.ini, path: pgbouncer.ini }] } }]",
      ) + INI,
      [
        expect.stringMatching(
          /^what PgBouncer of PostgresCluster db\/pg reads in .*pgbouncer.ini:4/,
        ),
        [],
      ],
    ],
  ])("are read: %s", (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });
});
