import { describe, expect, it } from "vitest";
import { goldens, type Golden } from "../test/golden/goldens.ts";
import { fieldOf, itemsOf } from "../src/json/fields.ts";
import { podsOf, type Pod } from "../test/golden/manifestPods.ts";
import { isAllowed } from "../test/golden/selection.ts";
import type { Manifest } from "../src/render/manifest.ts";
import { operatorObjects } from "./operator.ts";

function golden(name: string): Golden {
  const found = goldens().find((each) => each.name === name);
  if (found === undefined) throw new Error(`no golden fleet is named ${name}`);
  return found;
}

function pod(namespace: string, labels: Readonly<Record<string, string>> = {}): Pod {
  return { of: "another app", namespace, labels, spec: {}, containers: [] };
}

const { manifests } = golden("neighbours");

function ofWeir(namespace: string, of: string): Pod {
  const found = podsOf(manifests).find((each) => each.namespace === namespace && each.of === of);
  if (found === undefined) throw new Error(`no ${of} in ${namespace}`);
  return found;
}

const [{ labels: operatorLabels } = { labels: {} }] = podsOf(operatorObjects());

/** Everybody who might want to connect to something. */
const WHO: Readonly<Record<string, Pod>> = {
  "scene (studio)": ofWeir("writers", "Deployment/scene"),
  "old-scene (archive)": ofWeir("writers", "Deployment/old-scene"),
  "scene of readers": ofWeir("readers", "Deployment/scene"),
  "PgBouncer of studio": ofWeir("writers", "StatefulSet/studio-pgbouncer"),
  "PgBouncer of archive": ofWeir("writers", "StatefulSet/archive-pgbouncer"),
  "PgBouncer of readers": ofWeir("readers", "StatefulSet/studio-pgbouncer"),
  "any pod of writers": pod("writers"),
  "any pod of readers": pod("readers"),
  "another app with the same name and instance": pod("writers", {
    "app.kubernetes.io/name": "pgbouncer",
    "app.kubernetes.io/instance": "studio",
    "app.kubernetes.io/managed-by": "Helm",
  }),
  "maintenance of studio": pod("writers", { "weir.dev/maintenance": "studio" }),
  "maintenance of studio in readers": pod("readers", { "weir.dev/maintenance": "studio" }),
  "metrics reader": pod("monitoring", { "weir.dev/metrics": "true" }),
  operator: pod("weir-system", operatorLabels),
  "operator of another namespace": pod("writers", {
    "app.kubernetes.io/name": "weir",
    "app.kubernetes.io/component": "operator",
  }),
  DNS: pod("kube-system", { "k8s-app": "kube-dns" }),
  "DNS of another namespace": pod("writers", { "k8s-app": "kube-dns" }),
  Postgres: pod("databases"),
};

function who(name: string): Pod {
  const found = WHO[name];
  if (found === undefined) throw new Error(`nobody is ${name}`);
  return found;
}

function thoseWhoReach(name: string, port: number): readonly string[] {
  return Object.keys(WHO).filter((from) =>
    isAllowed({ from: who(from), to: who(name), port }, manifests),
  );
}

function thoseReachedBy(name: string, port: number): readonly string[] {
  return Object.keys(WHO).filter((to) =>
    isAllowed({ from: who(name), to: who(to), port }, manifests),
  );
}

describe("PgBouncer", () => {
  it("is reached by its servers, its peers, its maintenance and the operator", () => {
    expect(thoseWhoReach("PgBouncer of studio", 6432)).toEqual([
      "scene (studio)",
      "PgBouncer of studio",
      "maintenance of studio",
      "operator",
    ]);
    expect(thoseWhoReach("PgBouncer of archive", 6432)).toEqual([
      "old-scene (archive)",
      "PgBouncer of archive",
      "operator",
    ]);
    expect(thoseWhoReach("PgBouncer of readers", 6432)).toEqual([
      "scene of readers",
      "PgBouncer of readers",
      "maintenance of studio in readers",
      "operator",
    ]);
  });

  it("shows its report to the operator and to metrics alone", () => {
    expect(thoseWhoReach("PgBouncer of studio", 9128)).toEqual(["metrics reader", "operator"]);
  });

  it("is reached on no other port", () => {
    expect(thoseWhoReach("PgBouncer of studio", 5432)).toEqual([]);
    expect(thoseWhoReach("PgBouncer of studio", 9127)).toEqual([]);
  });

  it("reaches Postgres, wherever it is, its peers and DNS", () => {
    expect(thoseReachedBy("PgBouncer of studio", 5432)).toContain("Postgres");
    expect(thoseReachedBy("PgBouncer of studio", 6432)).toEqual(["PgBouncer of studio", "DNS"]);
    // A DNS behind another port than its Service's, and one on the node.
    expect(thoseReachedBy("PgBouncer of studio", 1053)).toEqual(["DNS"]);
    expect(thoseReachedBy("PgBouncer of studio", 53)).toContain("Postgres");
  });
});

describe("a server", () => {
  it("is reached on its port by the pods of its namespace and by the operator", () => {
    expect(thoseWhoReach("scene (studio)", 3005)).toEqual(
      // But for those whose own policy lets them out to less.
      Object.keys(WHO).filter(
        (name) =>
          name === "operator" ||
          (who(name).namespace === "writers" && who(name).of === "another app"),
      ),
    );
  });

  it("shows its pool to the operator and to metrics alone", () => {
    expect(thoseWhoReach("scene (studio)", 9127)).toEqual(["metrics reader", "operator"]);
  });

  it("shows the pools of all its processes, and no port beyond", () => {
    const { manifests: ofThree } = golden("handed-on");
    const to = podsOf(ofThree).find(({ of }) => of === "Deployment/scene");
    const from = who("metrics reader");
    expect(
      [9126, 9127, 9128, 9129, 9130].filter(
        (port) => to !== undefined && isAllowed({ from, to, port }, ofThree),
      ),
    ).toEqual([9127, 9128, 9129]);
  });

  it("reaches its own PgBouncer and DNS, and no Postgres", () => {
    expect(thoseReachedBy("scene (studio)", 6432)).toEqual(["PgBouncer of studio", "DNS"]);
    expect(thoseReachedBy("scene (studio)", 5432)).toEqual(["DNS"]);
  });
});

describe("the operator", () => {
  const [operator] = podsOf(operatorObjects());
  const both = [...manifests, ...operatorObjects()];
  const reaches = (to: Pod, port: number, policies: readonly Manifest[] = both) =>
    operator !== undefined && isAllowed({ from: operator, to, port }, policies);

  it("is reached by readers of metrics, on that port alone", () => {
    const reaching = [9129, 6432].map((port) =>
      Object.keys(WHO).filter(
        (from) => operator && isAllowed({ from: who(from), to: operator, port }, both),
      ),
    );
    expect(reaching).toEqual([["metrics reader", "operator"], []]);
  });

  it("reaches PgBouncers and servers of weir where their policies expect it", () => {
    expect(reaches(who("PgBouncer of studio"), 6432)).toBe(true);
    expect(reaches(who("scene (studio)"), 3005)).toBe(true);
    expect(reaches(who("scene (studio)"), 5432)).toBe(false);
  });

  it("reaches pods that weir did not make, whatever their port", () => {
    for (const port of [1, 5433, 6543, 8080, 65_535])
      expect(reaches(who("Postgres"), port)).toBe(true);
  });

  it("reaches DNS, the API server, PgBouncer and Postgres outside of the cluster, nothing else", () => {
    // What is outside is no pod: only a rule that names nobody lets it be reached.
    const namingNobody = operatorObjects().map((manifest) => {
      const spec = fieldOf(manifest, "spec");
      const egress = itemsOf(spec, "egress").filter(({ to }) => to === undefined);
      return { ...manifest, spec: { ...spec, egress } };
    });
    const ports = [22, 53, 80, 443, 5432, 5433, 6432, 6443, 8443, 9129, 10_250];
    expect(ports.filter((port) => reaches(pod("outside"), port, namingNobody))).toEqual([
      53, 443, 5432, 6432, 6443,
    ]);
  });
});

it("a Postgres for trying out is reached by the PgBouncers of its budgets alone, and reaches nobody", () => {
  const { manifests: tryout } = golden("tryout");
  const pods = podsOf(tryout);
  const postgres = pods.find(({ of }) => of === "StatefulSet/postgres");
  const everybody = [...pods, ...Object.values(WHO).filter(({ of }) => of === "another app")];
  const reaching = everybody.filter(
    (from) => postgres !== undefined && isAllowed({ from, to: postgres, port: 5433 }, tryout),
  );
  expect(reaching.map(({ of }) => of)).toEqual([
    "StatefulSet/archive-pgbouncer",
    "StatefulSet/studio-pgbouncer",
  ]);
  const reached = everybody.filter(
    (to) => postgres !== undefined && isAllowed({ from: postgres, to, port: 6432 }, tryout),
  );
  expect(reached).toEqual([]);
});
