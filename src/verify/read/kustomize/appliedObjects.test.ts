import { describe, expect, it } from "vitest";
import { objectOf, type ManifestObject } from "../../sourcePosition.ts";
import { Field } from "../objects/field.ts";
import { readObjects } from "../readObjects.ts";
import { placedObjects } from "./namespaces.ts";

type TestTexts = Readonly<Record<string, string>>;

/** What is applied of these files, and what is missing. */
function applied(files: TestTexts): {
  readonly objects: readonly ManifestObject[];
  readonly missing: readonly string[];
} {
  const sources = Object.entries(files).map(([name, text]) => ({ name, text }));
  const { objects, kustomizations } = readObjects(sources);
  const texts = new Map(Object.entries(files));
  const placed = placedObjects(objects, kustomizations, undefined, { texts });
  return { objects: placed.objects, missing: placed.missing.map(({ what }) => what) };
}

/** `Pod shop/a: 3` for every object of other kinds than Flux's. */
function replicas(files: TestTexts): readonly string[] {
  return applied(files).objects.flatMap((object) =>
    object.kind === "Kustomization"
      ? []
      : [`${objectOf({ object })}: ${Field.of(object).scalar("spec", "replicas")}`],
  );
}

const WEB =
  "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web, labels: { app: web } }\nspec: { replicas: 1 }\n";

function flux(name: string, spec: string): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: ${name}, namespace: flux-system }\nspec: ${spec}\n---\n`;
}

describe("patches", () => {
  it.each([
    ["replicas: [{ name: web, count: 9 }]", 9],
    ["replicas: [{ name: other, count: 9 }]", 1],
    ["patches: [{ path: p.yaml }]", 7],
    ["patches: [{ path: p.yaml, target: { kind: Deployment, name: 'w.*' } }]", 7],
    ["patches: [{ path: p.yaml, target: { kind: Deployment, name: w } }]", 1],
    ["patches: [{ path: p.yaml, target: { labelSelector: 'app in (web, api), !old' } }]", 7],
    ["patches: [{ path: p.yaml, target: { labelSelector: 'app!=web' } }]", 1],
    ["patchesStrategicMerge: [p.yaml]", 7],
    [
      "patchesJson6902: [{ target: { version: v1, kind: Deployment, name: web }, path: o.yaml }]",
      8,
    ],
    [
      "patches: [{ target: { kind: Deployment }, patch: '[{ op: add, path: /spec/replicas, value: 6 }]' }]",
      6,
    ],
    ["patches: [{ target: { kind: StatefulSet }, path: o.yaml }]", 1],
    ["images: [{ name: web, newTag: v2 }]", 1],
  ])("are applied: %s", (text, count) => {
    const files = {
      "k/kustomization.yaml": `resources: [a.yaml]\n${text}\n`,
      "k/a.yaml": WEB,
      "k/p.yaml":
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { replicas: 7 }\n",
      "k/o.yaml": "- { op: replace, path: /spec/replicas, value: 8 }\n",
    };
    const { objects, missing } = applied(files);
    const [object] = objects.filter(({ file }) => file === "k/a.yaml");
    expect([object && Field.of(object).value, missing]).toMatchObject([
      { spec: { replicas: count } },
      [],
    ]);
  });

  it("in a file of their own are no objects", () => {
    const files = {
      "k/kustomization.yaml": "resources: [a.yaml]\npatches: [{ path: p.yaml }]\n",
      "k/a.yaml": WEB,
      "k/p.yaml": WEB.replace("1 }", "7 }"),
    };
    expect(replicas(files)).toEqual(["Deployment default/web: 7"]);
  });

  it.each([
    "patches: [{ path: other.yaml, target: { kind: Deployment } }]",
    "patches: [{ target: { kind: Deployment }, patch: '[{ op: replace, path: /spec/replicas/x, value: 6 }]' }]",
    "patches: [{ target: { kind: Deployment, name: '(' }, patch: '[{ op: add, path: /spec/replicas, value: 6 }]' }]",
    "helmCharts: [{ name: web }]",
    "transformers: [other.yaml]",
  ])("that can't be followed are asked about: %s", (text) => {
    const files = { "k/kustomization.yaml": `resources: [a.yaml]\n${text}\n`, "k/a.yaml": WEB };
    expect(applied(files).missing).toEqual([
      expect.stringContaining("what k/kustomization.yaml makes of the objects"),
    ]);
  });

  it.each([
    "apiVersion: builtin\nkind: AnnotationsTransformer\nmetadata: { name: t }\n",
    "apiVersion: builtin\nkind: LabelTransformer\nmetadata: { name: t }\n",
  ])("of metadata alone are not asked about: %s", (text) => {
    const files = {
      "k/kustomization.yaml": "resources: [a.yaml]\ntransformers: [t.yaml]\n",
      "k/a.yaml": WEB,
      "k/t.yaml": text,
    };
    expect(applied(files).missing).toEqual([]);
  });

  it("of a component change all that its kustomization applies", () => {
    const files = {
      "k/kustomization.yaml": "resources: [a.yaml]\ncomponents: [../c]\n",
      "k/a.yaml": WEB,
      "c/kustomization.yaml":
        "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nreplicas: [{ name: web, count: 5 }]\n",
    };
    expect(replicas(files)).toEqual(["Deployment default/web: 5"]);
  });

  it("of Flux are applied, also those that another Kustomization gives it", () => {
    const patch = `[{ patch: '{ spec: { replicas: 4 } }', target: { kind: Deployment } }]`;
    const parent = `{ path: ./apps, patches: [{ patch: '{ spec: { patches: ${patch.replaceAll("'", "''")} } }', target: { kind: Kustomization } }] }`;
    const files = {
      "flux.yaml": flux("apps", parent),
      "apps/kustomization.yaml": "resources: [./shop/ks.yaml]\n",
      "apps/shop/ks.yaml": flux("shop", "{ path: ./apps/shop/app }"),
      "apps/shop/app/kustomization.yaml": "resources: [a.yaml]\n",
      "apps/shop/app/a.yaml": WEB,
    };
    expect(replicas(files)).toEqual(["Deployment default/web: 4"]);
  });
});

/** Settings are a ConfigMap, others are Secrets. */
const sourcesOf = (...names: readonly string[]): string =>
  names
    .map((name) => `{ kind: ${name === "settings" ? "ConfigMap" : "Secret"}, name: ${name} }`)
    .join(", ");

describe("variables of Flux", () => {
  const component = {
    "c/kustomization.yaml":
      "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [a.yaml]\n",
    "c/a.yaml": WEB.replace("name: web,", "name: 'web-${APP}',").replace(
      "replicas: 1",
      "replicas: '${COUNT:=2}'",
    ),
  };

  it("make an object for each Kustomization that takes a component in", () => {
    const files = {
      ...component,
      "ks.yaml":
        flux(
          "one",
          "{ path: ./one, targetNamespace: shop, postBuild: { substitute: { APP: one, COUNT: '5' } } }",
        ) +
        flux(
          "two",
          "{ path: ./two, components: [../c], targetNamespace: shop, postBuild: { substitute: { APP: two } } }",
        ),
      "one/kustomization.yaml": "components: [../c]\n",
      "two/kustomization.yaml": "resources: []\n",
    };
    expect(replicas(files)).toEqual(["Deployment shop/web-one: 5", "Deployment shop/web-two: 2"]);
  });

  const settings =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: flux-system }\ndata: { COUNT: '6', APP: all }\n";
  const secrets =
    "apiVersion: v1\nkind: Secret\nmetadata: { name: secrets, namespace: flux-system }\nstringData: { OTHER: 'ENC[AES256_GCM,data:x]', COUNT: 'ENC[AES256_GCM,data:y]' }\n";
  it.each([
    ["of a ConfigMap", sourcesOf("settings"), "all", "6"],
    ["whose value SOPS hides are left", sourcesOf("settings", "secrets"), "all", "${COUNT:=2}"],
    [
      "before those of a Secret that is not given are left",
      sourcesOf("settings", "x"),
      "${APP}",
      "${COUNT:=2}",
    ],
  ])("%s", (_, sources, app, count) => {
    const files = {
      ...component,
      "settings.yaml": settings,
      "secrets.yaml": secrets,
      "ks.yaml": flux(
        "one",
        `{ path: ./one, targetNamespace: shop, postBuild: { substituteFrom: [${sources}] } }`,
      ),
      "one/kustomization.yaml": "components: [../c]\n",
    };
    expect(replicas(files)).toContain(`Deployment shop/web-${app}: ${count}`);
  });

  it("that clusters set differently are left, and those that one sets are put in", () => {
    const files = {
      ...component,
      "one.yaml": settings,
      "two.yaml": settings.replace("COUNT: '6', ", "").replace("all", "other"),
      "ks.yaml": flux(
        "one",
        `{ path: ./one, targetNamespace: shop, postBuild: { substituteFrom: [${sourcesOf("settings")}] } }`,
      ),
      "one/kustomization.yaml": "components: [../c]\n",
    };
    expect(replicas(files)).toContain("Deployment shop/web-${APP}: 6");
  });

  it("are put into nothing without postBuild, and into no object that says so", () => {
    const disabled = component["c/a.yaml"].replace(
      "app: web",
      "kustomize.toolkit.fluxcd.io/substitute: disabled",
    );
    const files = {
      "ks.yaml":
        flux("one", "{ path: ./one, postBuild: { substitute: { APP: one } } }") +
        flux("two", "{ path: ./two }"),
      "one/a.yaml": disabled,
      "two/a.yaml": component["c/a.yaml"],
    };
    const left = "Deployment default/web-${APP}: ${COUNT:=2}";
    expect(replicas(files)).toEqual([left, left]);
  });

  it("are in a default as well, and become the number that they are", () => {
    const text = WEB.replace("replicas: 1", "replicas: '${COUNT:=${SIZE:-3}}'");
    const files = {
      "ks.yaml": flux("one", "{ path: ./one, postBuild: { substitute: { SIZE: '8' } } }"),
      "one/a.yaml": text,
    };
    const [, object] = applied(files).objects;
    expect(object?.value).toMatchObject({ spec: { replicas: 8 } });
  });
});

function data(generator: string): readonly unknown[] {
  const files = {
    "k/kustomization.yaml": `namespace: shop\n${generator}\n`,
    "k/values.yaml": "a: 1\n",
    "k/x.env": "# none\nA=1\nB='2'\n",
  };
  return applied(files).objects.map((object) => [objectOf({ object }), object.value]);
}

describe("data that a kustomization makes", () => {
  it.each([
    [
      "configMapGenerator: [{ name: c, files: [values.yaml, other=./values.yaml] }]",
      "ConfigMap shop/c",
      { data: { "values.yaml": "a: 1\n", other: "a: 1\n" } },
    ],
    [
      "secretGenerator: [{ name: s, envs: [x.env], literals: [C=3=4] }]",
      "Secret shop/s",
      { stringData: { A: "1", B: "2", C: "3=4" } },
    ],
  ])("is read: %s", (generator, name, value) => {
    expect(data(generator)).toEqual([[name, expect.objectContaining(value)]]);
  });

  it.each([
    "configMapGenerator: [{ name: c, files: [values.yaml, other.yaml] }]",
    "configMapGenerator: [{ name: c, behavior: merge, literals: [A=1] }]",
  ])("is not among the objects where it is not all given: %s", (generator) => {
    expect(data(generator)).toEqual([]);
  });
});
