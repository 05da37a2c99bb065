import { POOL_PORT } from "../../src/api/names.ts";
import { isObject } from "../../src/kube/kubeAnswer.ts";
import type { Place } from "./place.ts";

/** What a pod's pool says at this moment; undefined when it gives no answer. */
export async function askPool(
  { ground, namespace }: Place,
  pod: string,
): Promise<{ readonly limit: number; readonly open: number } | undefined> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}:${POOL_PORT}/proxy/limit`;
  const answer = await ground.client.get(path).catch(() => undefined);
  if (answer?.status !== 200 || !isObject(answer.body)) return undefined;
  return { limit: Number(answer.body["limit"]), open: Number(answer.body["open"]) };
}
