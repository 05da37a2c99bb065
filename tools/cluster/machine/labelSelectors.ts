import type { LabelSelector } from "./policyObjects.ts";

type Operator = NonNullable<LabelSelector["matchExpressions"]>[number]["operator"];

/** What each operator says of a label's value, which is undefined where there is no such label. */
const HOLDS: Record<Operator, (value: string | undefined, values: readonly string[]) => boolean> = {
  In: (value, values) => value !== undefined && values.includes(value),
  NotIn: (value, values) => value === undefined || !values.includes(value),
  Exists: (value) => value !== undefined,
  DoesNotExist: (value) => value === undefined,
};

/** Whether it selects something with these labels. An empty one selects all. */
export function selects(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Readonly<Record<string, string>>,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => HOLDS[operator](labels[key], values))
  );
}
