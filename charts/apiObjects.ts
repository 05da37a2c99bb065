import { ApiObject } from "cdk8s";
import type { Construct } from "constructs";
import type { Manifest } from "../src/render/manifest.ts";

/**
 * Adds the manifests to a construct, in their order. As plain ApiObjects: those of cdk8s-plus-27
 * would once more drop what Kubernetes 1.27 did not know, also from a user's JsonPatch.
 */
export function addObjects(scope: Construct, manifests: readonly Manifest[]): readonly ApiObject[] {
  return manifests.map(
    (manifest) => new ApiObject(scope, `${manifest.kind}-${manifest.metadata.name}`, manifest),
  );
}
