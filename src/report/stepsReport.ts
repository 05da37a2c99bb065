import { pgbouncerSelector, serverSelector } from "../api/labels.ts";
import { budgetKeyOf, keyOf, type Fleet } from "../api/fleet.ts";
import { budgetNames } from "../api/names.ts";
import type { ObjectName, Step, StepChange } from "../budget/transition/steps.ts";
import { TRYOUT_VARIABLE } from "../render/tryout.ts";
import { quotedIdentifier, shellWord } from "../text/quoting.ts";
import { counted, listed } from "../text/wording.ts";
import { paintFor, type Page, type Screen } from "../text/paint.ts";
import { blocksText, hangingIndent } from "../text/wrap.ts";

/**
 * The steps for people: numbered, each with why it stands there, what to edit, the commands, and
 * what to wait for. Ends with a newline.
 */
export function stepsReport(
  steps: readonly Step[],
  context: CommandContext,
  { colour, columns }: Screen,
): string {
  const page: Page = { columns, paint: paintFor(colour) };
  if (steps.length === 0) {
    return `${page.paint.good("✓")} Nothing changes: there is nothing to apply.\n`;
  }
  const { old, next } = context.names;
  const intro =
    `${counted(steps.length, "step")} from ${old} to ${next}, in the order that keeps both sums. ` +
    "Begin a step when the one before it is done.";
  return blocksText([
    hangingIndent("", intro, page),
    ...steps.map((step, index) => stepBlock(step, index + 1, context, page)),
  ]);
}

function stepBlock(
  step: Step,
  number: number,
  context: CommandContext,
  page: Page,
): readonly string[] {
  const { bold, dim } = page.paint;
  const changes = step.action === "Apply" ? step.changes : [];
  const copy = `step-${number}.yaml`;
  const { before = [], after = [] } = commandsOf(step, context, copy);
  const mark = `${number}. `;
  const indent = " ".repeat(mark.length);
  const indented = (lines: readonly string[]) => lines.map((line) => `${indent}  ${line}`);
  const inCopy = `For this step only, in a copy of ${context.names.next} (${copy}):`;
  return [
    ...hangingIndent(mark, titleOf(step), page, bold),
    ...hangingIndent(indent, step.why, page, dim),
    ...(changes.length === 0 ? [] : hangingIndent(indent, inCopy, page)),
    ...indented([...changes.map(changeText), ...before]),
    ...hangingIndent(indent, `Wait until ${step.waitFor}.`, page),
    ...indented(after),
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

/** How the commands name what they read. */
interface Names {
  /** The file of the old fleet. */
  readonly old: string;
  /** The file of the new fleet. */
  readonly next: string;
  /** What `--active` or WEIR_ACTIVE named, if one did. */
  readonly active?: string | undefined;
  /** With a Postgres for trying out. */
  readonly tryout?: boolean;
}

/** Where the steps lead from and to. */
interface CommandContext {
  readonly names: Names;
  readonly old: Fleet;
  /** What weir did not make; see unmanagedObjects. */
  readonly unmanaged: ReadonlySet<string>;
}

/** The commands of a step, and those to wait with. */
interface Commands {
  readonly before?: readonly string[];
  readonly after?: readonly string[];
}

/** The objects that weir makes of a server or a PgBouncer. */
const SERVER_KINDS = "deployment,service,hpa,pdb,networkpolicy";
const TIER_KINDS = "statefulset,service,pdb,networkpolicy,configmap,rolebinding,role";

/**
 * The commands of one step. What weir did not make, it says to do by hand.
 *
 * @param copy the file with the changes of this step, where it has any
 */
function commandsOf(step: Step, { names, old, unmanaged }: CommandContext, copy: string): Commands {
  if (step.action === "Postgres") return {};
  if (step.action === "Secrets") return { before: secretsCommands(step.objects, names, old) };
  if (step.action === "Guard") return { before: [guardCommand(step, names)] };
  const { foreign = [], own = [] } = Object.groupBy(step.objects, (object) =>
    unmanaged.has(objectTitle(object)) ? "foreign" : "own",
  );
  const { before = [], after = [] } = ownCommands(step, own, names, copy);
  const byHand = foreign.map(
    (object) => `# by hand, since weir did not make it: ${objectTitle(object)}`,
  );
  return { before: [...before, ...byHand], after };
}

/** The commands for those objects of a step that weir made. */
function ownCommands(
  step: Exclude<Step, { readonly action: "Postgres" | "Secrets" | "Guard" }>,
  own: readonly ObjectName[],
  names: Names,
  copy: string,
): Commands {
  switch (step.action) {
    case "Delete":
      return deleteCommands(own);
    case "Scale":
      return scaleCommands(own, step);
    case "Apply": {
      if (own.length === 0) return {};
      const fleet = step.changes.length === 0 ? names.next : copy;
      const files = own.map((object) => `-f ${manifestOf(object)}`).join(" ");
      return applyCommands(synth(names, fleet), step.obsolete, files, own);
    }
    case "ApplyAll":
      return applyCommands(synth(names, names.next), step.obsolete, "-f manifests/", own);
    default:
      return step satisfies never;
  }
}

function objectTitle({ kind, namespace, name }: ObjectName): string {
  return `${kind} ${namespace}/${name}`;
}

/** `KIND NAMESPACE/NAME` of each PgBouncer that weir did not make, its servers, and others' workloads. */
export function unmanagedObjects(fleets: readonly Fleet[]): ReadonlySet<string> {
  return new Set(
    fleets.flatMap(({ budgets, servers }) => {
      const existing = new Set(
        budgets.filter(({ spec }) => spec.pgbouncer.existing !== undefined).map(keyOf),
      );
      return [
        ...[...existing].map((key) => `ConnectionBudget ${key}`),
        ...servers
          .filter(
            (server) => server.spec.workloadRef !== undefined || existing.has(budgetKeyOf(server)),
          )
          .map((server) => `McpServer ${keyOf(server)}`),
      ];
    }),
  );
}

function synth({ active, tryout }: Names, fleet: string): string {
  const awake = active === undefined ? "" : `WEIR_ACTIVE=${shellWord(active)} `;
  const postgres = tryout === true ? `${TRYOUT_VARIABLE}=1 ` : "";
  return `WEIR_FLEET=${shellWord(fleet)} ${awake}${postgres}npx cdk8s synth --check-upgrade=false`;
}

/** As charts/manifestFiles.ts names them. */
function manifestOf({ kind, namespace, name }: ObjectName): string {
  return kind === "ConnectionBudget"
    ? `manifests/10-${namespace}.${name}-pgbouncer.yaml`
    : `manifests/20-${namespace}.${name}.yaml`;
}

function secretsCommands(
  objects: readonly ObjectName[],
  names: Names,
  old: Fleet,
): readonly string[] {
  const known = new Set(old.budgets.map(({ metadata }) => metadata.namespace)).add("default");
  const isNewNamespace = objects.some(({ namespace }) => !known.has(namespace));
  return [
    ...(isNewNamespace
      ? [synth(names, names.next), "kubectl apply -f manifests/00-namespaces.yaml"]
      : []),
    `npx weir secrets ${shellWord(names.next)} | kubectl apply -f -`,
  ];
}

function guardCommand(step: Extract<Step, { action: "Guard" }>, { next }: Names): string {
  const [budget] = step.objects;
  return step.isNew
    ? `npx weir guard ${shellWord(next)}    # its part for ConnectionBudget ${budget?.namespace}/${budget?.name}`
    : `ALTER ROLE ${quotedIdentifier(step.role)} CONNECTION LIMIT ${step.connections};    -- SQL`;
}

function deleteCommands(objects: readonly ObjectName[]): Commands {
  const deleted = byNamespace(objects).flatMap(({ kubectl, servers, tiers }) => [
    ...(servers.length === 0
      ? []
      : [{ kubectl, kinds: SERVER_KINDS, selector: serversSelector(servers) }]),
    ...tiers.map((name) => ({
      kubectl,
      kinds: TIER_KINDS,
      selector: selectorText(pgbouncerSelector(name)),
    })),
  ]);
  return {
    before: deleted.map(
      ({ kubectl, kinds, selector }) => `${kubectl} delete ${kinds} -l '${selector}' --wait=false`,
    ),
    after: deleted.map(
      ({ kubectl, selector }) => `${kubectl} wait --for=delete pod -l '${selector}' --timeout=1h`,
    ),
  };
}

function scaleCommands(
  objects: readonly ObjectName[],
  { from, to }: { readonly from: number; readonly to: number },
): Commands {
  const scaled = objects.map(({ namespace, name }) => ({
    kubectl: `kubectl -n ${namespace}`,
    set: budgetNames(name).pgbouncer,
  }));
  return {
    before: scaled.map(
      ({ kubectl, set }) => `${kubectl} scale statefulset/${set} --replicas=${to}`,
    ),
    after: scaled.map(({ kubectl, set }) => {
      const gone = Array.from({ length: from - to }, (_, index) => `pod/${set}-${to + index}`);
      return `${kubectl} wait --for=delete ${gone.join(" ")} --timeout=1h`;
    }),
  };
}

/** A rollout counts as done while old pods still terminate, and they still hold connections. */
function applyCommands(
  generate: string,
  obsolete: readonly ObjectName[],
  files: string,
  objects: readonly ObjectName[],
): Commands {
  return {
    before: [
      generate,
      ...byNamespace(obsolete).map(
        ({ kubectl, autoscalers }) =>
          `${kubectl} delete hpa ${autoscalers.join(" ")} --ignore-not-found`,
      ),
      `kubectl apply ${files}`,
    ],
    after: byNamespace(objects).flatMap(({ kubectl, servers, tiers }) => [
      ...tiers.map(
        (name) => `${kubectl} rollout status statefulset/${budgetNames(name).pgbouncer}`,
      ),
      ...(servers.length === 0
        ? []
        : [
            servers.length === 1
              ? `${kubectl} rollout status deployment/${servers.join("")}`
              : `for server in ${servers.join(" ")}; do ${kubectl} rollout status deployment/$server; done`,
            `while ${kubectl} get pods -l '${serversSelector(servers)}' | grep -q Terminating; do sleep 1; done`,
          ]),
    ]),
  };
}

/** The labels that all servers' pods have, and the names of these. */
function serversSelector(names: readonly string[]): string {
  const [first = ""] = names;
  return Object.entries(serverSelector(first))
    .map(([label, value]) =>
      value === first && names.length > 1
        ? `${label} in (${names.join(",")})`
        : `${label}=${value}`,
    )
    .join(",");
}

function selectorText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join(",");
}

/** How kubectl's commands for each namespace begin, and the names there. */
function byNamespace(objects: readonly ObjectName[]) {
  return [...Map.groupBy(objects, ({ namespace }) => namespace)].map(([namespace, own]) => {
    const namesOf = (kind: ObjectName["kind"]) =>
      own.filter((object) => object.kind === kind).map(({ name }) => name);
    return {
      kubectl: `kubectl -n ${namespace}`,
      servers: namesOf("McpServer"),
      tiers: namesOf("ConnectionBudget"),
      autoscalers: namesOf("HorizontalPodAutoscaler"),
    };
  });
}
