import { describe, expect, it } from "vitest";
import { objectOf } from "../../sourcePosition.ts";
import { placedObjects } from "./namespaces.ts";
import { readObjects } from "../readObjects.ts";

/** What is placed where, of files by name. */
function placed(files: Readonly<Record<string, string>>, namespace?: string) {
  const sources = Object.entries(files).map(([name, text]) => ({ name, text }));
  const { objects, kustomizations, problems } = readObjects(sources);
  expect(problems).toEqual([]);
  const texts = new Map(Object.entries(files));
  const { missing, assumed, ...result } = placedObjects(objects, kustomizations, namespace, {
    texts,
  });
  return {
    objects: result.objects.map((object) => objectOf({ object })),
    missing: missing.map(({ what }) => what),
    assumed: assumed?.note,
    remedy: assumed?.question.remedy,
  };
}

function written(kind: string, metadata: string, spec = "{}"): string {
  const apiVersion = kind === "Kustomization" ? "kustomize.toolkit.fluxcd.io/v1" : "v1";
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { ${metadata} }\nspec: ${spec}\n---\n`;
}

describe("--namespace", () => {
  it("is where objects are that name none and whose kind has one", () => {
    const kinds = written("Pod", "name: a") + written("Pod", "name: b, namespace: own");
    const text = `${kinds}${written("ClusterRole", "name: c")}${written("Cluster", "name: d")}`;
    expect(placed({ "a.yaml": text }, "shop").objects).toEqual([
      "Pod shop/a",
      "Pod own/b",
      "ClusterRole default/c",
      "Cluster shop/d",
    ]);
  });
});

describe("the namespace of a kustomization", () => {
  const base = written("Pod", "name: a");

  it.each([
    [
      "over their own",
      {
        "k/kustomization.yaml": "namespace: shop\nresources: [a.yaml]\n",
        "k/a.yaml": written("Pod", "name: a, namespace: own"),
        "k/b.yaml": written("Pod", "name: b, namespace: own"),
      },
      ["Pod shop/a", "Pod own/b"],
    ],
    [
      "of an overlay over its base",
      {
        "base/kustomization.yaml": "namespace: base\nresources: [./a.yaml]\n",
        "base/a.yaml": base,
        "prod/kustomization.yml": "namespace: prod\nresources: [../base/]\n",
      },
      ["Pod prod/a"],
    ],
    [
      "of a base where its overlay has none",
      {
        "/r/base/kustomization.yaml": "namespace: base\nresources: [a.yaml]\n",
        "/r/base/a.yaml": base,
        "/r/prod/Kustomization": "resources: [../base]\n",
      },
      ["Pod base/a"],
    ],
    [
      "of Flux, for a folder without a kustomization",
      {
        "repo/flux/db.yaml": written(
          "Kustomization",
          "name: db, namespace: flux-system",
          "{ path: ./db, targetNamespace: database }",
        ),
        "repo/db/pg/a.yaml": base,
        "repo/other/b.yaml": written("Pod", "name: b, namespace: own"),
      },
      ["Kustomization flux-system/db", "Pod database/a", "Pod own/b"],
    ],
    [
      "of Flux over that of the kustomization in its folder",
      {
        "flux.yaml": written(
          "Kustomization",
          "name: db, namespace: flux-system",
          "{ path: apps/db, targetNamespace: database }",
        ),
        "apps/db/kustomization.yaml": "namespace: other\nresources: [a.yaml]\n",
        "apps/db/a.yaml": base,
        "apps/db/not-named.yaml": written("Pod", "name: b, namespace: own"),
      },
      ["Kustomization flux-system/db", "Pod database/a", "Pod own/b"],
    ],
  ])("%s", (_, files, objects) => {
    expect(placed(files)).toMatchObject({ objects, missing: [], assumed: undefined });
  });

  it("is that of each overlay of a base: its objects are in all of them", () => {
    const files = {
      "base/kustomization.yaml": "resources: [a.yaml]\n",
      "base/a.yaml": base,
      "one/kustomization.yaml": "namespace: one\nresources: [../base]\n",
      "two/kustomization.yaml": "namespace: two\nresources: [../base]\n",
    };
    expect(placed(files)).toMatchObject({
      objects: ["Pod one/a", "Pod two/a"],
      missing: [],
    });
  });
});

describe("objects that name no namespace, without --namespace", () => {
  const service = written("Service", "name: pooler");

  it.each([
    ["in that of their own host", "pooler.shop.svc.cluster.local", "shop"],
    ["in that of a short one with a port", "http://pooler.shop:6432/x", "shop"],
    ["in default, which a host names", "pooler.default.svc", "default"],
    ["in default where a host is another's", "pg.shop.svc", "default"],
    ["in default where no host says more", "pooler:6432", "default"],
    ["in default where it is a longer name", "x.pooler.shop.svc.example.com", "default"],
  ])("are %s: %s", (_, host, namespace) => {
    const text = `${service}${written("Pod", "name: a", `{ x: "${host}" }`)}`;
    const { objects, missing, assumed, remedy } = placed({ "a.yaml": text });
    expect([objects, missing]).toEqual([[`Service ${namespace}/pooler`, `Pod ${namespace}/a`], []]);
    const option = namespace === "default" ? undefined : "say --namespace shop";
    expect([remedy, assumed?.includes("2 objects")]).toEqual([option, option && true]);
  });

  it("are asked about where hosts name several", () => {
    const text = `${service}${written("Pod", "name: a", "{ x: pooler.shop.svc, y: pooler.test.svc }")}`;
    expect(placed({ "a.yaml": text })).toMatchObject({
      objects: ["Service default/pooler", "Pod default/a"],
      missing: [
        expect.stringContaining("perhaps shop (the host pooler.shop.svc names it), or test"),
      ],
    });
  });

  it("are not those of a Service that the host's namespace has", () => {
    const own = written("Service", "name: pooler, namespace: shop");
    const text = `${service}${own}${written("Pod", "name: a", "{ x: pooler.shop.svc }")}`;
    expect(placed({ "a.yaml": text }).objects).toContain("Service default/pooler");
  });

  it("are where the only Kustomization of Flux puts what is not in its folder", () => {
    const flux = written(
      "Kustomization",
      "name: db, namespace: flux-system",
      "{ path: ./db, targetNamespace: database }",
    );
    expect(placed({ "-": `${flux}${service}` })).toMatchObject({
      objects: ["Kustomization flux-system/db", "Service database/pooler"],
      assumed: expect.stringContaining("Kustomization flux-system/db puts what it applies there"),
    });
  });
});

const calls = (host: string): string => `{ url: "postgres://a@${host}:6432/a" }`;

function serviceText(name: string, namespace = ""): string {
  return written("Service", `name: ${name}${namespace && `, namespace: ${namespace}`}`);
}

describe("the namespace that unnamed and named objects share", () => {
  it.each([
    [
      "a named one calls an unnamed Service by its name alone",
      serviceText("pooler") + written("Pod", "name: a, namespace: shop", calls("pooler")),
      "Service shop/pooler",
    ],
    [
      "an unnamed one calls a named Service so",
      serviceText("pooler", "shop") + written("Pod", "name: a", calls("pooler")),
      "Pod shop/a",
    ],
  ])("is assumed: %s", (_, text, one) => {
    const { objects, assumed, remedy } = placed({ "a.yaml": text });
    expect(objects).toContain(one);
    expect(assumed).toContain("calls Service pooler by its name alone");
    expect(remedy).toBe("say --namespace shop");
  });

  it.each([
    [
      "each has a Service of its own",
      serviceText("pooler") +
        serviceText("pooler", "shop") +
        written("Pod", "name: a, namespace: shop", calls("pooler")),
    ],
    [
      "no Service is called so",
      written("Pod", "name: b") + written("Pod", "name: a, namespace: shop", calls("x")),
    ],
    [
      "the host is a full one",
      serviceText("pooler") +
        written("Pod", "name: a, namespace: shop", calls("pooler.example.com")),
    ],
  ])("is not: %s", (_, text) => {
    expect(placed({ "a.yaml": text }).assumed).toBeUndefined();
  });

  it("is asked where there are two", () => {
    const pods = ["shop", "data"].map((name) =>
      written("Pod", `name: a, namespace: ${name}`, calls("pooler")),
    );
    expect(placed({ "a.yaml": serviceText("pooler") + pods.join("") }).missing).toEqual([
      expect.stringContaining(
        "perhaps shop (Pod shop/a calls Service pooler by its name alone), or data (",
      ),
    ]);
  });
});
