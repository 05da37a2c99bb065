import type { KubeAnswer } from "./client.ts";
import { firstLine } from "../text/wording.ts";

/** What the API server takes for a name; anything else could make another path of it. */
export const KUBE_NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** Why an answer is not the one that was asked for, in one line. */
export function refusalOf({ status, body }: KubeAnswer): string {
  if (status === 401) return "it does not know who asks (401): log in again";
  const message = isObject(body) && body["kind"] === "Status" ? body["message"] : undefined;
  if (typeof message === "string" && status !== 200) return firstLine(message);
  return `it does not answer as an API server does (HTTP ${status})`;
}

/** A mapping of JSON. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
