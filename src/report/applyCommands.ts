import { pgbouncerSelector, serverSelector } from "../api/labels.ts";
import { TRYOUT_VARIABLE } from "../render/tryout.ts";
import { budgetKeyOf, keyOf, type Fleet } from "../api/fleet.ts";
import { budgetNames } from "../api/names.ts";
import type { ObjectName, Step } from "../budget/transition/steps.ts";
import { quotedIdentifier } from "../text/quoting.ts";

/** How the commands name what they read. */
export interface Names {
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
export interface CommandContext {
  readonly names: Names;
  readonly old: Fleet;
  /** What weir did not make; see unmanagedObjects. */
  readonly unmanaged: ReadonlySet<string>;
}

/** What a person types for a step, and what to wait with. */
export interface Commands {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** The objects that weir makes of a server or a PgBouncer. */
const SERVER_KINDS = "deployment,service,hpa,pdb,networkpolicy";
const TIER_KINDS = "statefulset,service,pdb,networkpolicy,configmap,rolebinding,role";

/**
 * The commands of one step. What weir did not make, it says to do by hand.
 *
 * @param copy the file with the changes of this step, where it has any
 */
export function commandsOf(step: Step, context: CommandContext, copy: string): Commands {
  const { names, old } = context;
  switch (step.action) {
    case "Secrets":
      return { before: secretsCommands(step.objects, names, old), after: [] };
    case "Postgres":
      return { before: [], after: [] };
    case "Guard":
      return { before: [guardCommand(step, names)], after: [] };
    case "Delete":
      return forOwn(step.objects, context, deleteCommands);
    case "Scale":
      return forOwn(step.objects, context, (own) => scaleCommands(own, step));
    case "Apply":
      return forOwn(step.objects, context, (own) => ({
        before:
          own.length === 0
            ? []
            : [
                synth(names, step.changes.length === 0 ? names.next : copy),
                ...obsoleteCommands(step.obsolete),
                `kubectl apply ${own.map((object) => `-f ${manifestOf(object)}`).join(" ")}`,
              ],
        after: rolloutCommands(own),
      }));
    case "ApplyAll":
      return forOwn(step.objects, context, (own) => ({
        before: [
          synth(names, names.next),
          ...obsoleteCommands(step.obsolete),
          "kubectl apply -f manifests/",
        ],
        after: rolloutCommands(own),
      }));
    default:
      return step satisfies never;
  }
}

/** The commands for what weir made, and a line for each object that it did not make. */
function forOwn(
  objects: readonly ObjectName[],
  context: CommandContext,
  commandsFor: (own: readonly ObjectName[]) => Commands,
): Commands {
  const { before, after } = commandsFor(
    objects.filter((object) => !context.unmanaged.has(titleOf(object))),
  );
  const byHand = objects
    .map(titleOf)
    .filter((title) => context.unmanaged.has(title))
    .map((title) => `# by hand, since weir did not make it: ${title}`);
  return { before: [...before, ...byHand], after };
}

function titleOf({ kind, namespace, name }: ObjectName): string {
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
  const awake = active === undefined ? "" : `WEIR_ACTIVE=${quoted(active)} `;
  const postgres = tryout === true ? `${TRYOUT_VARIABLE}=1 ` : "";
  return `WEIR_FLEET=${quoted(fleet)} ${awake}${postgres}npx cdk8s synth --check-upgrade=false`;
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
    `npx weir secrets ${quoted(names.next)} | kubectl apply -f -`,
  ];
}

function guardCommand(step: Extract<Step, { action: "Guard" }>, { next }: Names): string {
  const [budget] = step.objects;
  return step.isNew
    ? `npx weir guard ${quoted(next)}    # its part for ConnectionBudget ${budget?.namespace}/${budget?.name}`
    : `ALTER ROLE ${quotedIdentifier(step.role)} CONNECTION LIMIT ${step.connections};    -- SQL`;
}

function deleteCommands(objects: readonly ObjectName[]): Commands {
  const commands = byNamespace(objects).flatMap(([namespace, there]) => {
    const servers = there.filter(({ kind }) => kind === "McpServer").map(({ name }) => name);
    const tiers = there.filter(({ kind }) => kind === "ConnectionBudget");
    return [
      ...(servers.length === 0
        ? []
        : [{ namespace, kinds: SERVER_KINDS, selector: serversSelector(servers) }]),
      ...tiers.map(({ name }) => ({
        namespace,
        kinds: TIER_KINDS,
        selector: selectorText(pgbouncerSelector(name)),
      })),
    ];
  });
  return {
    before: commands.map(
      ({ namespace, kinds, selector }) =>
        `kubectl -n ${namespace} delete ${kinds} -l '${selector}' --wait=false`,
    ),
    after: commands.map(({ namespace, selector }) => podsGone(namespace, selector)),
  };
}

function scaleCommands(
  objects: readonly ObjectName[],
  { from, to }: { readonly from: number; readonly to: number },
): Commands {
  const scaled = objects.map(({ namespace, name }) => ({
    namespace,
    set: budgetNames(name).pgbouncer,
  }));
  return {
    before: scaled.map(
      ({ namespace, set }) => `kubectl -n ${namespace} scale statefulset/${set} --replicas=${to}`,
    ),
    after: scaled.map(({ namespace, set }) => {
      const gone = Array.from({ length: from - to }, (_, index) => `pod/${set}-${to + index}`);
      return `kubectl -n ${namespace} wait --for=delete ${gone.join(" ")} --timeout=1h`;
    }),
  };
}

function obsoleteCommands(objects: readonly ObjectName[]): readonly string[] {
  return byNamespace(objects).map(
    ([namespace, there]) =>
      `kubectl -n ${namespace} delete hpa ${there.map(({ name }) => name).join(" ")} --ignore-not-found`,
  );
}

/** A rollout counts as done while old pods still terminate, and they still hold connections. */
function rolloutCommands(objects: readonly ObjectName[]): readonly string[] {
  return byNamespace(objects).flatMap(([namespace, there]) => {
    const servers = there.filter(({ kind }) => kind === "McpServer").map(({ name }) => name);
    const tiers = there.filter(({ kind }) => kind === "ConnectionBudget");
    return [
      ...tiers.map(
        ({ name }) =>
          `kubectl -n ${namespace} rollout status statefulset/${budgetNames(name).pgbouncer}`,
      ),
      ...(servers.length === 0
        ? []
        : [
            servers.length === 1
              ? `kubectl -n ${namespace} rollout status deployment/${servers.join("")}`
              : `for server in ${servers.join(" ")}; do kubectl -n ${namespace} rollout status deployment/$server; done`,
            `while kubectl -n ${namespace} get pods -l '${serversSelector(servers)}' | grep -q Terminating; do sleep 1; done`,
          ]),
    ];
  });
}

function podsGone(namespace: string, selector: string): string {
  return `kubectl -n ${namespace} wait --for=delete pod -l '${selector}' --timeout=1h`;
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

function byNamespace(
  objects: readonly ObjectName[],
): readonly (readonly [string, readonly ObjectName[]])[] {
  return [...Map.groupBy(objects, ({ namespace }) => namespace)];
}

/** For a shell; a name that needs no quotes stays as it is. */
function quoted(text: string): string {
  return /^[\w./,@%+=:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
