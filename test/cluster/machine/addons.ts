import type { Kubectl } from "../kubectl.ts";
import type { Addresses } from "./addresses.ts";
import { coreDnsObjects } from "./coreDns.ts";
import { metricsServerObjects } from "./metricsServer.ts";
import type { MachineImages } from "./spec.ts";

/** Applies what a cluster has from its start: DNS and metrics. */
export async function applyAddons(
  kubectl: Kubectl,
  { images, addresses }: { readonly images: MachineImages; readonly addresses: Addresses },
): Promise<void> {
  await applyObjects(kubectl, [
    ...coreDnsObjects(images.coreDns.name, addresses.dnsService),
    ...metricsServerObjects(images.metricsServer.name),
  ]);
}

/** @throws with what kubectl said */
export async function applyObjects(kubectl: Kubectl, items: readonly object[]): Promise<void> {
  const list = { apiVersion: "v1", kind: "List", items };
  const { code, stderr } = await kubectl(["apply", "--filename=-"], JSON.stringify(list));
  if (code !== 0) throw new Error(`kubectl apply ended with ${code}: ${stderr}`);
}
