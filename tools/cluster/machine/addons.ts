import { z } from "zod";

import type { KubeClient } from "../../../src/kube/client.ts";
import { objectPath, readObject } from "../../../src/kube/object.ts";
import type { AddonObject } from "./addonObjects.ts";
import { CORE_DNS, coreDnsObjects } from "./coreDns.ts";
import { METRICS_SERVER, metricsApi, metricsServerObjects } from "./metricsServer.ts";
import type { MachineSpec } from "./spec.ts";
import { until } from "../readiness.ts";

const DEPLOYMENT = z.object({ status: z.object({ availableReplicas: z.number().default(0) }) });

/**
 * Makes what a cluster has from its start: DNS and metrics.
 *
 * @throws when one can't be made
 */
export async function makeAddons(
  client: KubeClient,
  { images, addresses }: MachineSpec,
): Promise<void> {
  for (const object of coreDnsObjects(images.coreDns.name, addresses.dnsService)) {
    await make(client, object);
  }
  await makeMetrics(client, images.metricsServer.name);
}

/**
 * Makes a source of metrics. The API of the metrics comes once they can be had, some 10 s later:
 * until then every client that asks what APIs there are would hear of one that does not answer.
 *
 * @throws when a part of it can't be made
 */
export async function makeMetrics(client: KubeClient, image: string): Promise<void> {
  for (const object of metricsServerObjects(image)) await make(client, object);
  await until(() => isAvailable(client, METRICS_SERVER));
  await make(client, metricsApi());
}

/** Whether pods find other pods by name. */
export function hasDns(client: KubeClient): Promise<boolean> {
  return isAvailable(client, CORE_DNS);
}

async function make(client: KubeClient, object: AddonObject): Promise<void> {
  const { kind, apiVersion, metadata } = object;
  const place = { kind, apiVersion, plural: `${kind.toLowerCase()}s`, ...metadata };
  const collection = objectPath(place).slice(0, -`/${metadata.name}`.length);
  const { status, body } = await client.request({ method: "POST", path: collection, body: object });
  if (status !== 201) throw new Error(`${kind} ${metadata.name}: ${JSON.stringify(body)}`);
}

async function isAvailable(
  client: KubeClient,
  deployment: { readonly name: string; readonly namespace: string },
): Promise<boolean> {
  const place = { kind: "Deployment", apiVersion: "apps/v1", plural: "deployments", ...deployment };
  const object = await readObject(client, place);
  const { status } = DEPLOYMENT.parse(object);
  return status.availableReplicas > 0;
}
