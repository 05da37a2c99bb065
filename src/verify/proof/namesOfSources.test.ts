import * as fc from "fast-check";
import { expect, it } from "vitest";
import { APP_INI, poolerText, systemIn } from "../../../test/verify/systemText.ts";
import { prove } from "./prove.ts";

/** Words that a pattern takes for something, where they stand in a command or a variable. */
const WORDS =
  "wait wait-for-it dockerize nc pg_isready sleep localhost host postgres pgbouncer gunicorn".split(
    " ",
  );

/** SourceNames of a Secret and a ConfigMap, and a key of each. */
interface SourceNames {
  readonly secret: string;
  readonly key: string;
  readonly map: string;
  readonly mapKey: string;
}

const NAMES = fc.record<SourceNames>({
  secret: fc.constantFrom(...WORDS),
  key: fc.constantFrom(...WORDS),
  map: fc.constantFrom(...WORDS),
  mapKey: fc.constantFrom(...WORDS),
});

/** What a container has of a Secret that is not among the objects, and of a ConfigMap that is not. */
const CONTAINERS = [
  '[api, "--store=pooler:6432", "--token=$(TOKEN)"]',
  '[api, "--store=pooler:6432", "$(TOKEN)", "$(OTHER)"]',
  '[sh, -c, "exec api $(TOKEN) --store=pooler:6432"]',
  '[api, "postgres://$(TOKEN)@pooler:6432/$(OTHER)"]',
  '[api, "--db-host=$(TOKEN)", "$(OTHER)", "--store=pooler:6432"]',
  '["$(TOKEN)", "--store=pooler:6432"]',
  '[api, "--workers=$(TOKEN)", "--store=pooler:6432"]',
].map(
  (command) => (names: SourceNames) =>
    `
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, namespace: db }
spec:
  replicas: 2
  strategy: { type: Recreate }
  template:
    spec:
      containers:
        - name: api
          image: api
          command: ${command}
          env:
            - { name: DB_POOL_MAX, value: "20" }
            - { name: TOKEN, valueFrom: { secretKeyRef: { name: ${names.secret}, key: ${names.key} } } }
            - { name: OTHER, valueFrom: { configMapKeyRef: { name: ${names.map}, key: ${names.mapKey} } } }
`,
);

const PLAIN: SourceNames = { secret: "one", key: "two", map: "three", mapKey: "four" };
const INI = APP_INI.replace("max_client_conn = 50", "max_client_conn = 30").replace(
  " max_db_client_connections=10",
  "",
);

/** The verdicts on everything: neither the names nor what they are called in a message. */
function verdicts(container: (names: SourceNames) => string, names: SourceNames): unknown {
  const proof = prove(systemIn(poolerText(INI) + container(names)));
  const { verdict, sums, findings, missing } = proof;
  return [
    verdict,
    sums.map((sum) => sum.verdict),
    findings.map(({ rule }) => rule),
    missing.length,
  ];
}

it("a flag --wait, or a Secret called wait-for-it, hides no client", () => {
  const [first] = CONTAINERS;
  const flag = (names: SourceNames): string => first?.(names).replace("--token=", "--wait=") ?? "";
  const named = { ...PLAIN, secret: "wait-for-it" };
  for (const [container, names] of [
    [first, PLAIN],
    [first, named],
    [flag, PLAIN],
  ] as const) {
    expect(container && verdicts(container, names)).toEqual(verdicts(first ?? flag, PLAIN));
    expect(prove(systemIn(poolerText(INI) + container?.(names))).verdict).not.toBe("fits");
  }
});

it("no verdict depends on the names of Secrets, ConfigMaps and their keys", () => {
  const expected = CONTAINERS.map((container) => verdicts(container, PLAIN));
  fc.assert(
    fc.property(NAMES, (names) => {
      expect(CONTAINERS.map((container) => verdicts(container, names))).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});
