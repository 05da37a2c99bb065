import { fieldOf, itemsOf, textAt, textsOf, type Fields } from "./fields.ts";

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

/** Labels as a selector in text. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .toSorted()
    .join(",");
}

/** As text, for a scale subresource: `a=b,c in (d,e),!f`. Undefined for an empty one. */
export function selectorText(selector: Fields): string | undefined {
  const labels = Object.entries(textsOf(fieldOf(selector, "matchLabels")));
  const parts = [
    ...labels.map(([key, value]) => `${key}=${value}`),
    ...itemsOf(selector["matchExpressions"]).map(expressionText),
  ];
  return parts.length === 0 ? undefined : parts.toSorted().join(",");
}

function expressionText({ key, operator, values }: Fields): string {
  const among = Array.isArray(values) ? `(${values.map(String).toSorted().join(",")})` : "()";
  switch (operator) {
    case "In":
      return `${String(key)} in ${among}`;
    case "NotIn":
      return `${String(key)} notin ${among}`;
    case "DoesNotExist":
      return `!${String(key)}`;
    default:
      return String(key);
  }
}
