import { basename } from "node:path";
import { z } from "zod";
import { AUTH_DIR, CONFIG_DIR, SOCKET_DIR } from "../../src/render/pgbouncerFiles.ts";
import { PGBOUNCER_PORT } from "../../src/api/names.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import { readObject } from "../../src/kube/object.ts";
import type { NodePod } from "../cluster/fakeNode.ts";
import type { PodAddresses } from "../cluster/podAddresses.ts";
import { pgbouncerPlace, startPgBouncer, type PgBouncer } from "../parts/pgbouncer.ts";

const DATA = z.object({ data: z.record(z.string(), z.string()) });

/** Whether a pod is one of a PgBouncer that weir's charts made. */
export function isPgBouncerPod({ object }: NodePod): boolean {
  return object.metadata.labels["app.kubernetes.io/name"] === "pgbouncer";
}

/**
 * Starts what a PgBouncer pod runs: PgBouncer with the files that the pod mounts, at the pod's
 * address. What differs are folders, and the names of peers, which nobody here resolves.
 *
 * @throws with PgBouncer's log when it refuses the files, or when a ConfigMap or Secret is missing
 */
export async function startPgBouncerPod(
  { object, address }: NodePod,
  client: KubeClient,
  addresses: PodAddresses,
): Promise<PgBouncer> {
  const { namespace, name } = object.metadata;
  const [container] = object.spec.containers;
  const [maxOpenFiles, ini] = container?.args ?? [];
  if (ini === undefined) throw new Error(`pod ${name} has no arguments that name an ini`);
  const place = { ...(await pgbouncerPlace()), port: PGBOUNCER_PORT };
  const here = (text: string) =>
    text
      .replaceAll(`${AUTH_DIR}/`, `${place.dir}/`)
      .replaceAll(`${CONFIG_DIR}/`, `${place.dir}/`)
      .replaceAll(SOCKET_DIR, place.socketDir)
      .replaceAll(/^listen_addr = \*$/gm, `listen_addr = ${address}`)
      .replaceAll(/host=([a-z0-9-]+)\.[a-z0-9-]+-peers\.([a-z0-9-]+)\.svc/g, (_, pod, space) => {
        return `host=${addresses.of(`${space}/${pod}`)}`;
      });

  const files = new Map<string, string>();
  for (const { configMap, secret } of object.spec.volumes) {
    if (configMap !== undefined) {
      const data = await dataOf(client, "ConfigMap", namespace, configMap.name);
      for (const [file, text] of Object.entries(data)) files.set(file, here(text));
    }
    if (secret !== undefined) {
      const data = await dataOf(client, "Secret", namespace, secret.secretName);
      for (const [file, text] of Object.entries(data)) {
        files.set(file, Buffer.from(text, "base64").toString());
      }
    }
  }
  return startPgBouncer({
    place,
    files: Object.fromEntries(files),
    main: basename(ini).replace("$(POD_NAME)", name),
    maxOpenFiles: Number(maxOpenFiles),
  });
}

async function dataOf(
  client: KubeClient,
  kind: "ConfigMap" | "Secret",
  namespace: string,
  name: string,
): Promise<Record<string, string>> {
  const plural = `${kind.toLowerCase()}s`;
  const object = await readObject(client, { kind, apiVersion: "v1", plural, namespace, name });
  if (object === undefined) throw new Error(`${kind} ${namespace}/${name} is missing`);
  return DATA.parse(object).data;
}
