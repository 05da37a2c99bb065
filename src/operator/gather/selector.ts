import { fieldOf, itemsOf, textAt, textsOf, type Fields } from "../../kube/fields.ts";

/** Whether a label selector, as workloads have it, selects these labels; an empty one does not. */
export function selects(selector: Fields, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(textsOf(fieldOf(selector, "matchLabels")));
  const expressions = itemsOf(selector["matchExpressions"]);
  if (wanted.length + expressions.length === 0) return false;
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    expressions.every((expression) => holds(expression, labels))
  );
}

function holds(expression: Fields, labels: Readonly<Record<string, string>>): boolean {
  const label = labels[textAt(expression, "key") ?? ""];
  const values: readonly unknown[] = Array.isArray(expression["values"])
    ? expression["values"]
    : [];
  switch (expression["operator"]) {
    case "In":
      return label !== undefined && values.includes(label);
    case "NotIn":
      return label === undefined || !values.includes(label);
    case "Exists":
      return label !== undefined;
    case "DoesNotExist":
      return label === undefined;
    default:
      return false;
  }
}
