import type { ObjectName, Step, StepChange } from "../budget/transition/steps.ts";
import { listed } from "../text/wording.ts";
import { paintFor, type Page, type Screen } from "../text/paint.ts";
import { blocksText, hangingIndent } from "../text/wrap.ts";
import { commandsOf, type CommandContext } from "./applyCommands.ts";

/**
 * The steps for people: numbered, each with why it stands there, what to edit, the commands, and
 * what to wait for. Ends with a newline.
 */
export function stepsReport(
  steps: readonly Step[],
  context: CommandContext,
  { colour, columns }: Screen,
): string {
  const paint = paintFor(colour);
  if (steps.length === 0) return `${paint.good("✓")} Nothing changes: there is nothing to apply.\n`;
  const intro = hangingIndent(
    "",
    `${steps.length} step${steps.length === 1 ? "" : "s"} from ${context.names.old} to ${context.names.next}, ` +
      `in the order that keeps both sums. Begin a step when the one before it is done.`,
    columns,
  );
  const blocks = steps.map((step, index) =>
    stepBlock(step, index + 1, { context, columns, paint }),
  );
  return blocksText([intro, ...blocks]);
}

/** A page for steps, and where they lead from and to. */
interface StepPage extends Page {
  readonly context: CommandContext;
}

function stepBlock(step: Step, number: number, page: StepPage): readonly string[] {
  const { context, columns, paint } = page;
  const changes = step.action === "Apply" ? step.changes : [];
  const copy = `step-${number}.yaml`;
  const { before, after } = commandsOf(step, context, copy);
  const mark = `${number}. `;
  const indent = " ".repeat(mark.length);
  return [
    ...hangingIndent(mark, titleOf(step), columns).map(paint.bold),
    ...hangingIndent(indent, step.why, columns).map(paint.dim),
    ...(changes.length === 0
      ? []
      : hangingIndent(
          indent,
          `For this step only, in a copy of ${context.names.next} (${copy}):`,
          columns,
        )),
    ...changes.map((change) => `${indent}  ${changeText(change)}`),
    ...before.map((command) => `${indent}  ${command}`),
    ...hangingIndent(indent, `Wait until ${step.waitFor}.`, columns),
    ...after.map((command) => `${indent}  ${command}`),
  ];
}

function changeText({ namespace, object, field, from, to }: StepChange): string {
  const [kind, name] = object.split("/");
  return `${kind} ${namespace}/${name}: ${field}: ${valueText(from)} → ${valueText(to)}`;
}

function valueText(value: unknown): string {
  return value === null ? "not there" : JSON.stringify(value);
}

function titleOf(step: Step): string {
  switch (step.action) {
    case "Secrets":
      return `Make the Secrets of ${objectsText(step.objects)}`;
    case "Postgres":
      return `Let Postgres ${step.postgres} admit ${step.to} connections to its budgets, not ${step.from}`;
    case "Guard":
      return `Let role ${step.role} open ${step.connections} connections to Postgres ${step.postgres}`;
    case "Delete":
      return `Delete ${objectsText(step.objects)}`;
    case "Scale":
      return `Scale PgBouncer of ${objectsText(step.objects)} from ${step.from} to ${step.to}`;
    case "Apply":
      return step.objects.some(({ kind }) => kind === "ConnectionBudget")
        ? `Apply PgBouncer of ${objectsText(step.objects)}`
        : `Apply ${objectsText(step.objects)}`;
    case "ApplyAll":
      return step.objects.length === 0
        ? "Apply everything"
        : `Apply everything: now also ${objectsText(step.objects)}`;
    default:
      return step satisfies never;
  }
}

function objectsText(objects: readonly ObjectName[]): string {
  return listed(objects.map(({ namespace, name }) => `${namespace}/${name}`));
}
