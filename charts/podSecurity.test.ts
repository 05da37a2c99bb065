import { describe, expect, it } from "vitest";
import { goldens } from "../test/golden/goldens.ts";
import { fieldOf, itemsOf } from "../src/json/fields.ts";
import { podsOf, type Pod } from "../test/golden/manifestPods.ts";
import { violations } from "../test/golden/restricted.ts";

const PODS = goldens().flatMap(({ name, manifests }) =>
  podsOf(manifests).map((pod) => ({ ...pod, title: `${name}: ${pod.of} in ${pod.namespace}` })),
);

describe.each(PODS)("the pods of $title", (pod) => {
  it("pass Pod Security restricted", () => {
    expect(violations(pod)).toEqual([]);
  });

  it("have no token of a ServiceAccount and no variables of other Services", () => {
    expect(pod.spec["automountServiceAccountToken"]).toBe(false);
    expect(pod.spec["enableServiceLinks"]).toBe(false);
  });

  it("write to their volumes alone", () => {
    expect(
      pod.containers.map(
        (container) => fieldOf(container, "securityContext")["readOnlyRootFilesystem"],
      ),
    ).toEqual(pod.containers.map(() => true));
  });

  it("mount the volumes that they declare, all of them", () => {
    const declared = itemsOf(pod.spec, "volumes").map(({ name }) => name);
    const mounted = pod.containers.flatMap((container) =>
      itemsOf(container, "volumeMounts").map(({ name }) => name),
    );
    expect(new Set(mounted)).toEqual(new Set(declared));
  });

  it("request CPU and memory, or limit them", () => {
    for (const container of pod.containers) {
      const { requests, limits } = fieldOf(container, "resources");
      expect(Object.keys({ ...asObject(requests), ...asObject(limits) }).toSorted()).toEqual([
        "cpu",
        "memory",
      ]);
    }
  });
});

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

describe("the checker itself", () => {
  const pod: Pod = {
    of: "Deployment/x",
    namespace: "x",
    labels: {},
    spec: {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    },
    containers: [
      {
        name: "c",
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
      },
    ],
  };
  const [container = {}] = pod.containers;

  it("lets a restricted pod pass", () => {
    expect(violations(pod)).toEqual([]);
  });

  it.each<[string, Pod]>([
    ["hostNetwork is set", { ...pod, spec: { ...pod.spec, hostNetwork: true } }],
    ["sysctls are set", { ...pod, spec: { securityContext: { ...restricted(), sysctls: [] } } }],
    [
      "volume v is of a forbidden type",
      { ...pod, spec: { ...pod.spec, volumes: [{ name: "v", hostPath: {} }] } },
    ],
    [
      "c: may run as root",
      { ...pod, spec: { securityContext: { ...restricted(), runAsNonRoot: false } } },
    ],
    ["c: runs as root", { ...pod, spec: { securityContext: { ...restricted(), runAsUser: 0 } } }],
    ["c: has no seccomp profile", { ...pod, spec: { securityContext: { runAsNonRoot: true } } }],
    ["c: is privileged", withContext({ privileged: true })],
    ["c: may gain privileges", withContext({ allowPrivilegeEscalation: true })],
    ["c: keeps capabilities", withContext({ capabilities: { drop: ["NET_RAW"] } })],
    ["c: adds capabilities", withContext({ capabilities: { drop: ["ALL"], add: ["NET_ADMIN"] } })],
    ["c: sets procMount", withContext({ procMount: "Unmasked" })],
    [
      "c: takes port 80 of the node",
      { ...pod, containers: [{ ...container, ports: [{ containerPort: 80, hostPort: 80 }] }] },
    ],
  ])("finds that it %s", (text, bad) => {
    expect(violations(bad)).toEqual([text]);
  });

  function restricted(): object {
    return fieldOf(pod.spec, "securityContext");
  }

  function withContext(context: object): Pod {
    const securityContext = { ...fieldOf(container, "securityContext"), ...context };
    return { ...pod, containers: [{ ...container, securityContext }] };
  }
});
