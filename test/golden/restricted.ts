import { fieldOf, itemsOf, type Fields } from "../../src/json/fields.ts";
import type { Pod } from "./manifestPods.ts";

/**
 * What Pod Security "restricted" has against a pod, one sentence each: all controls of the standard
 * that these manifests can break (https://kubernetes.io/docs/concepts/security/pod-security-standards).
 */
export function violations(pod: Pod): readonly string[] {
  const podContext = fieldOf(pod.spec, "securityContext");
  return [
    ...["hostNetwork", "hostPID", "hostIPC"]
      .filter((field) => pod.spec[field] === true)
      .map((field) => `${field} is set`),
    ...(podContext["sysctls"] === undefined ? [] : ["sysctls are set"]),
    ...itemsOf(pod.spec, "volumes")
      .filter((volume) => !Object.keys(volume).every((field) => VOLUMES.has(field)))
      .map((volume) => `volume ${String(volume["name"])} is of a forbidden type`),
    ...pod.containers.flatMap((container) =>
      ofContainer(container, podContext).map((text) => `${String(container["name"])}: ${text}`),
    ),
  ];
}

const VOLUMES: ReadonlySet<string> = new Set([
  "name",
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

function ofContainer(container: Fields, podContext: Fields): readonly string[] {
  const own = fieldOf(container, "securityContext");
  const context: Fields = { ...podContext, ...own };
  const capabilities = fieldOf(own, "capabilities");
  const dropped = capabilities["drop"];
  const added = capabilities["add"] ?? [];
  const seccomp = fieldOf(context, "seccompProfile")["type"];
  return [
    ...(own["privileged"] === true ? ["is privileged"] : []),
    ...(own["allowPrivilegeEscalation"] === false ? [] : ["may gain privileges"]),
    ...(context["runAsNonRoot"] === true ? [] : ["may run as root"]),
    ...(context["runAsUser"] === 0 ? ["runs as root"] : []),
    ...(seccomp === "RuntimeDefault" || seccomp === "Localhost" ? [] : ["has no seccomp profile"]),
    ...(Array.isArray(dropped) && dropped.includes("ALL") ? [] : ["keeps capabilities"]),
    ...(Array.isArray(added) && added.every((name) => name === "NET_BIND_SERVICE")
      ? []
      : ["adds capabilities"]),
    ...(own["procMount"] === undefined ? [] : ["sets procMount"]),
    ...itemsOf(container, "ports")
      .filter((port) => port["hostPort"] !== undefined)
      .map((port) => `takes port ${String(port["hostPort"])} of the node`),
  ];
}
