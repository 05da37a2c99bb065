import { JsonPatch } from "cdk8s";

import type { Manifest } from "../src/render/manifest.ts";

/**
 * The manifest with further fields, by JSON pointer; those that are undefined are left out. It is
 * changed in place.
 *
 * For what cdk8s-plus-27 can't carry: its objects silently drop every field that Kubernetes 1.27
 * did not know, and plain numbers where a count or a percentage may stand. So what users hand on,
 * and newer fields, come in after its classes are done.
 */
export function patched(manifest: Manifest, fields: Readonly<Record<string, unknown>>): Manifest {
  const operations = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([pointer, value]) => JsonPatch.add(pointer, value));
  return operations.length === 0 ? manifest : JsonPatch.apply(manifest, ...operations);
}
