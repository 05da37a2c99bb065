import { itemsOf, textAt, textsOf, type Fields } from "../json/fields.ts";

interface SelectorOperator {
  readonly holds: (label: string | undefined, values: readonly unknown[]) => boolean;
  readonly text: (key: string, values: string) => string;
}

/** The operators of an expression. An operator of a newer Kubernetes selects nothing. */
const OPERATORS: Readonly<Record<string, SelectorOperator>> = {
  In: {
    holds: (label, values) => label !== undefined && values.includes(label),
    text: (key, values) => `${key} in ${values}`,
  },
  NotIn: {
    holds: (label, values) => label === undefined || !values.includes(label),
    text: (key, values) => `${key} notin ${values}`,
  },
  Exists: { holds: (label) => label !== undefined, text: (key) => key },
  DoesNotExist: { holds: (label) => label === undefined, text: (key) => `!${key}` },
};

/** Whether a label selector, as workloads have it, selects these labels; an empty one does not. */
export function selects(selector: Fields, labels: Readonly<Record<string, string>>): boolean {
  return selectorText(selector) !== undefined && isSelected(selector, labels);
}

/** The same for a selector of a NetworkPolicy; an empty one selects all. */
export function isSelected(selector: Fields, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(textsOf(selector, "matchLabels"));
  const expressions = itemsOf(selector, "matchExpressions").map(expressionOf);
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    expressions.every(({ key, operator, values }) => operator?.holds(labels[key], values) ?? false)
  );
}

/** Labels as a selector in text. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return selectorText({ matchLabels: labels }) ?? "";
}

/** As text, for a scale subresource: `a=b,c in (d,e),!f`. Undefined for an empty one. */
export function selectorText(selector: Fields): string | undefined {
  const labels = Object.entries(textsOf(selector, "matchLabels"));
  const parts = [
    ...labels.map(([key, value]) => `${key}=${value}`),
    ...itemsOf(selector, "matchExpressions").map((expression) => {
      const { key, operator, values } = expressionOf(expression);
      return operator?.text(key, `(${values.map(String).toSorted().join(",")})`) ?? key;
    }),
  ];
  return parts.length === 0 ? undefined : parts.toSorted().join(",");
}

function expressionOf(expression: Fields) {
  const { values } = expression;
  return {
    key: textAt(expression, "key") ?? "",
    operator: OPERATORS[textAt(expression, "operator") ?? ""],
    values: Array.isArray(values) ? values : [],
  };
}
