import { expect, it } from "vitest";
import { APP_INI, deploymentText, poolerText } from "../../../../test/verify/systemText.ts";
import { prove } from "../../proof/prove.ts";
import { readObjects } from "../readObjects.ts";
import { PRODUCTS } from "../../../../test/verify/products.ts";
import { readSystem } from "../readSystem.ts";

const URL = "postgres://app@pooler:6432/app";
const SHARE = 'annotations: { weir.dev/postgres-connections: "40" }';

/** A pooler with a bulkhead of 10 on its line app, one pool before it, and another line. */
const POOLER = poolerText(
  APP_INI.replace("[pgbouncer]", "other = host=pg pool_size=1\n[pgbouncer]"),
).replace(
  "name: pooler, namespace: db }\nspec:\n  replicas",
  `name: pooler, namespace: db, ${SHARE} }\nspec:\n  replicas`,
);

function app(url: string, poolMax: string): string {
  return deploymentText({ DATABASE_URL: url, DB_POOL_MAX: poolMax });
}

/** The proof of these texts as files, in this order and in the other. */
function proofs(base: string, overlay: string) {
  const files = [
    { name: "base.yaml", text: base },
    { name: "overlay.yaml", text: overlay },
  ];
  return [files, files.toReversed()].map((sources) => {
    const { objects, problems } = readObjects(sources);
    expect(problems).toEqual([]);
    const { verdict, sums, findings, missing } = prove(readSystem(objects, PRODUCTS));
    return {
      verdict,
      sums: sums.map(({ of, total, verdict: one }) => [of, total, one]),
      findings: findings.map(({ message }) => message),
      missing: missing.map(({ what, remedy, place }) => [what, remedy, place.object.file]),
    };
  });
}

it("each of them alone decides: what is tried here is no accident", () => {
  const [fits] = proofs(POOLER, app(URL, "5"));
  const [broken] = proofs(POOLER, app(URL, "11"));
  expect([fits?.verdict, broken?.verdict]).toEqual(["fits", "broken"]);
});

it.each([
  ["a PodMonitor", "monitoring.coreos.com/v1", "PodMonitor"],
  ["a dashboard that nothing mounts", "v1", "ConfigMap"],
  ["a disruption budget", "policy/v1", "PodDisruptionBudget"],
])("changes no sum: %s", (_, apiVersion, kind) => {
  const object = (text: string) =>
    JSON.stringify({
      apiVersion,
      kind,
      metadata: { name: "dash", namespace: "db" },
      data: { text },
    });
  const [first, second] = proofs(`${POOLER}${app(URL, "5")}\n---\n${object("a")}`, object("b"));
  expect([first?.verdict, second?.verdict]).toEqual(["fits", "fits"]);
});

it.each([
  ["a client's pool", POOLER + app(URL, "5"), app(URL, "11"), "Deployment db/app"],
  ["a client's database", POOLER + app(URL, "5"), app(`${URL}x`, "5"), "Deployment db/app"],
  [
    "a client's replicas, by a patch",
    POOLER + app(URL, "5"),
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: app, namespace: db }\nspec: { replicas: 9 }",
    "Deployment db/app",
  ],
  [
    "a pooler's ini",
    POOLER + app(URL, "5"),
    poolerText(APP_INI.replace("max_client_conn = 50", "max_client_conn = 5")).split("---")[0] ??
      "",
    "ConfigMap db/pooler-ini",
  ],
  [
    "a pooler's lines",
    POOLER + app(URL, "5"),
    poolerText(APP_INI.replace("app =", "apx =")).split("---")[0] ?? "",
    "ConfigMap db/pooler-ini",
  ],
  [
    "a pooler's share",
    POOLER + app(URL, "5"),
    (POOLER.split("---")[2] ?? "").replace('"40"', '"1"'),
    "Deployment db/pooler",
  ],
])("two objects of one name prove and break nothing: %s", (_, base, overlay, name) => {
  const [one, other] = proofs(base, overlay);
  expect(one).toEqual(other);
  expect([one?.verdict, one?.findings]).toEqual(["unknown", []]);
  expect(one?.missing.map(([what]) => what)).toContain(
    `which of 2 different objects ${name} applies: they stand in base.yaml, overlay.yaml`,
  );
  expect(one?.missing.map(([, tell]) => tell).join()).toContain(
    "kubectl kustomize DIR | weir verify -",
  );
});

it("finds what no object that stands twice has a part in", () => {
  const broken = app(URL, "11").replaceAll("name: app,", "name: greedy,");
  const [one, other] = proofs(POOLER + broken + app(URL, "1"), app(URL, "2"));
  expect(one).toEqual(other);
  expect(one?.verdict).toBe("broken");
});

it("two that are the same are one", () => {
  const [one, other] = proofs(POOLER + app(URL, "5"), app(URL, "5"));
  expect(one).toEqual(other);
  expect([one?.verdict, one?.missing]).toEqual(["fits", []]);
});

/** A Service of this name before pods with these labels. */
function service(selector: string): string {
  return `\n---\napiVersion: v1\nkind: Service\nmetadata: { name: front, namespace: db }\nspec: { selector: { ${selector} }, ports: [{ port: 80 }] }`;
}

it.each([
  [
    "change no sum, where all of them lead to a client",
    "app: app",
    "app: app, color: blue",
    "fits",
  ],
  ["are asked about, where one leads to a pooler", "app: app", "app: pooler", "unknown"],
  ["are asked about, where one leads to nobody knows what", "app: app", "app: other", "unknown"],
])("two Services of one name %s", (_, first, second, verdict) => {
  const blue = app(URL, "5").replaceAll(
    "labels: { app: app }",
    "labels: { app: app, color: blue }",
  );
  const [proof] = proofs(`${POOLER}${blue}${service(first)}`, service(second));
  expect(proof?.verdict).toBe(verdict);
});
