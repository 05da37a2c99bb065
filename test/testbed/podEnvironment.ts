import { z } from "zod";

import type { KubeClient } from "../../src/kube/client.ts";
import { readObject } from "../../src/kube/object.ts";
import type { PodObject } from "../cluster/podObject.ts";

const SECRET = z.object({ data: z.record(z.string(), z.string()) });

/**
 * The environment of a pod's first container as its process reads it, values of Secrets filled in.
 *
 * @throws when a Secret, or its key, is missing: kubelet does not start the container then
 */
export async function podEnvironment(
  { metadata, spec }: PodObject,
  client: KubeClient,
): Promise<ReadonlyMap<string, string>> {
  const { namespace } = metadata;
  const values = new Map<string, string>();
  for (const { name, value, valueFrom } of spec.containers[0]?.env ?? []) {
    const reference = valueFrom?.secretKeyRef;
    const found = reference && (await secretValue(client, namespace, reference));
    values.set(name, found ?? value.replaceAll("$$", "$"));
  }
  return values;
}

async function secretValue(
  client: KubeClient,
  namespace: string,
  { name, key }: { readonly name: string; readonly key: string },
): Promise<string> {
  const place = { kind: "Secret", apiVersion: "v1", plural: "secrets", namespace, name };
  const secret = await readObject(client, place);
  const value = secret && SECRET.parse(secret).data[key];
  if (value === undefined) throw new Error(`Secret ${namespace}/${name} has no ${key}`);
  return Buffer.from(value, "base64").toString();
}
