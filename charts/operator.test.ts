import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { describe, expect, it } from "vitest";
import { goldenOf, goldens, manifestsIn } from "../test/golden/goldens.ts";
import { fieldOf, itemsOf } from "../src/json/fields.ts";
import { podsOf, stringsAt } from "../test/golden/manifestPods.ts";
import { violations } from "../test/golden/restricted.ts";
import { crdFiles } from "../src/api/crd.ts";
import { MARK } from "../src/render/manifest.ts";
import { operatorFile } from "./operator.ts";

const MANIFESTS = manifestsIn(operatorFile());

function ofKind(kind: string) {
  return MANIFESTS.filter((manifest) => manifest.kind === kind);
}

describe("the operator's file", () => {
  it("has the same bytes again, and says who wrote it", () => {
    expect(operatorFile()).toEqual(operatorFile());
    expect(operatorFile().text.startsWith(`${MARK} from the operator.`)).toBe(true);
  });

  it("lies where `kubectl apply -f manifests/` does not look", () => {
    expect(operatorFile().name).toBe("operator/weir-operator.yaml");
  });

  it("brings the kinds of crds/, and says what deleting it would do", () => {
    expect(ofKind("CustomResourceDefinition")).toEqual(crdFiles().map(({ text }) => parse(text)));
    expect(operatorFile().text).toContain("deletes the kinds too");
  });

  it("makes nothing outside of its namespace but kinds, the namespace and its rights", () => {
    const cluster = MANIFESTS.filter(({ metadata }) => metadata.namespace === undefined);
    expect(cluster.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual([
      "CustomResourceDefinition/connectionbudgets.weir.dev",
      "CustomResourceDefinition/mcpservers.weir.dev",
      "Namespace/weir-system",
      "ClusterRole/weir-operator",
      "ClusterRoleBinding/weir-operator",
    ]);
    const others = MANIFESTS.filter((manifest) => !cluster.includes(manifest));
    expect(new Set(others.map(({ metadata }) => metadata.namespace))).toEqual(
      new Set(["weir-system"]),
    );
  });
});

describe("the operator's pods", () => {
  const [pod = { of: "", namespace: "", labels: {}, spec: {}, containers: [] }] = podsOf(MANIFESTS);
  const [container = {}] = pod.containers;

  it("pass Pod Security restricted, and can write nowhere", () => {
    expect(violations(pod)).toEqual([]);
    expect(fieldOf(container, "securityContext")["readOnlyRootFilesystem"]).toBe(true);
    expect(pod.spec["volumes"]).toBeUndefined();
  });

  it("are the only ones with a token, and it is theirs that they name", () => {
    const [account = { metadata: { name: "" } }] = ofKind("ServiceAccount");
    expect(account).toMatchObject({ automountServiceAccountToken: false });
    expect(pod.spec["serviceAccountName"]).toBe(account.metadata.name);
    expect(pod.spec["automountServiceAccountToken"]).toBe(true);
  });

  it("run the image of this version", () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(container["image"]).toBe(`weir.local/weir:${version}`);
  });

  it("are what its Deployment, Service, PodDisruptionBudget and NetworkPolicy select", () => {
    const selectors = [
      ...ofKind("Deployment").map((each) => stringsAt(each, "spec", "selector", "matchLabels")),
      ...ofKind("Service").map((each) => stringsAt(each, "spec", "selector")),
      ...ofKind("PodDisruptionBudget").map((each) =>
        stringsAt(each, "spec", "selector", "matchLabels"),
      ),
      ...ofKind("NetworkPolicy").map((each) =>
        stringsAt(each, "spec", "podSelector", "matchLabels"),
      ),
    ];
    expect(selectors).toHaveLength(4);
    for (const selector of selectors) {
      expect(selector["app.kubernetes.io/managed-by"]).toBe("weir");
      expect(pod.labels).toMatchObject(selector);
    }
  });

  it("serve where probes, Service and NetworkPolicy look", () => {
    const [port = {}] = itemsOf(container, "ports");
    expect(port).toEqual({ name: "metrics", containerPort: 9129 });
    for (const probe of ["livenessProbe", "readinessProbe"]) {
      expect(fieldOf(container, probe, "httpGet")["port"]).toBe("metrics");
    }
  });
});

/** Secrets that the operator may read, by NAMESPACE/ROLE. */
function readable(name: string): Record<string, unknown> {
  const { manifests } = goldens().find((each) => each.name === name) ?? { manifests: [] };
  return Object.fromEntries(
    manifests
      .filter(({ kind }) => kind === "Role")
      .map((role) => {
        const rules = itemsOf(role, "rules");
        expect(rules).toEqual([
          {
            apiGroups: [""],
            resources: ["secrets"],
            resourceNames: expect.any(Array),
            verbs: ["get"],
          },
        ]);
        return [
          `${role.metadata.namespace}/${role.metadata.name}`,
          rules.flatMap(({ resourceNames }) => resourceNames),
        ];
      }),
  );
}

describe("a budget's Role", () => {
  it("names the two logins of its own PgBouncer, or those of an existing one", () => {
    expect(readable("observed")).toEqual({
      "writers/weir-operator-adopted": ["adopted-stats", "adopted-maintenance"],
      "writers/weir-operator-inherited": ["old-stats", "stories-postgres"],
    });
  });

  it("names the certificates that it must trust", () => {
    expect(readable("tls")).toEqual({
      "writers/weir-operator-studio": [
        "studio-stats",
        "studio-maintenance",
        "studio-pgbouncer-tls",
      ],
    });
    const { fleet } = goldens().find(({ name }) => name === "observed") ?? {};
    const [budget] = (fleet?.budgets ?? []).filter(({ spec }) => spec.pgbouncer.existing);
    if (budget === undefined) throw new Error("no existing PgBouncer among the goldens");
    const { spec } = budget;
    const secured = {
      ...budget,
      spec: {
        ...spec,
        postgres: {
          ...spec.postgres,
          tls: { mode: "verify-full" as const, caSecretRef: { name: "pg-ca" } },
        },
        pgbouncer: { ...spec.pgbouncer, tls: { secretName: "old-tls" } },
      },
    };
    const [role] = goldenOf("secured", { budgets: [secured], servers: [] }).manifests;
    expect(role).toMatchObject({
      kind: "Role",
      rules: [{ resourceNames: ["old-stats", "stories-postgres", "old-tls", "pg-ca"] }],
    });
  });

  it("never names a login of a server, nor the userlist", () => {
    for (const { name } of goldens()) {
      for (const names of Object.values(readable(name))) {
        expect(String(names)).not.toMatch(/-db\b|-pgbouncer-auth\b/);
      }
    }
  });
});
