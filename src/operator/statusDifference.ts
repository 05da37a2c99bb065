import { isDeepStrictEqual } from "node:util";
import { isObject } from "../kube/kubeAnswer.ts";

type Status = Readonly<Record<string, unknown>>;

/** How far a status is from the one that it should be. */
export type StatusDifference = "none" | "messages" | "more";

/** @param wanted as JSON would carry it: members that are undefined are not there */
export function statusDifference(current: Status, wanted: Status): StatusDifference {
  if (isDeepStrictEqual(current, wanted)) return "none";
  const sent: unknown = JSON.parse(JSON.stringify(wanted));
  if (isDeepStrictEqual(current, sent)) return "none";
  return isDeepStrictEqual(withoutMessages(current), withoutMessages(sent)) ? "messages" : "more";
}

function withoutMessages(status: unknown): unknown {
  if (!isObject(status) || !Array.isArray(status["conditions"])) return status;
  const conditions = status["conditions"].map((condition: unknown) =>
    isObject(condition) ? { ...condition, message: "" } : condition,
  );
  return { ...status, conditions };
}
