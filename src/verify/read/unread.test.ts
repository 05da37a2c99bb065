import { describe, expect, it } from "vitest";
import { APP_INI, poolerText, systemIn } from "../../../test/verify/systemText.ts";

const POOLER = poolerText(APP_INI);

function missingOf(apiVersion: string, spec: unknown, metadata: object = {}): readonly string[] {
  const object = {
    apiVersion,
    kind: "Thing",
    metadata: { name: "x", namespace: "db", ...metadata },
    spec,
  };
  return systemIn(`${POOLER}${JSON.stringify(object)}\n`).missing.map(
    ({ what, place }) => `${place.path.join(".")}: ${what}`,
  );
}

const OPENS = "what Thing db/x opens: it names a pooler, and weir doesn't read objects of its kind";

describe("an object of a kind that is not read", () => {
  it.each([
    [
      "argoproj.io/v1alpha1",
      {
        templates: [{ container: { env: [{ name: "A", value: "postgres://a@pooler:6432/app" }] } }],
      },
      "spec.templates.0.container.env.0.value",
    ],
    [
      "tekton.dev/v1",
      { steps: [{ env: [{ name: "PGHOST", value: "pooler" }] }] },
      "spec.steps.0.env.0.value",
    ],
    [
      "helm.toolkit.fluxcd.io/v2",
      { values: { externalDatabase: { host: "pooler" } } },
      "spec.values.externalDatabase.host",
    ],
    [
      "keda.sh/v1alpha1",
      { triggers: [{ metadata: { connection: "pooler.db.svc.cluster.local" } }] },
      "spec.triggers.0.metadata.connection",
    ],
  ])("is missing where it names a pooler: %s", (apiVersion, spec, path) => {
    expect(missingOf(apiVersion, spec)).toEqual([`${path}: ${OPENS}`]);
  });

  it.each([
    ["another host", "tekton.dev/v1", { steps: [{ env: [{ name: "PGHOST", value: "pg" }] }] }],
    ["a word", "example.com/v1", { tier: "pooler" }],
    ["another port", "example.com/v1", { target: "pooler:9127" }],
    ["what routes", "networking.istio.io/v1", { host: "pooler.db.svc.cluster.local" }],
    ["what watches", "monitoring.coreos.com/v1", { targets: ["pooler:6432"] }],
  ])("says nothing by %s", (_, apiVersion, spec) => {
    expect(missingOf(apiVersion, spec)).toEqual([]);
  });

  it("can be told that it is counted elsewhere", () => {
    const annotations = { "weir.dev/connects-to": "none" };
    const spec = { url: "postgres://a@pooler:6432/app" };
    expect(missingOf("example.com/v1", spec, { annotations })).toEqual([]);
    expect(missingOf("example.com/v1", spec)).toHaveLength(1);
  });
});
