import { roleOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import type { FieldPath } from "../api/fieldPath.ts";
import { credentialsSecretOf, membersOf, type McpServer } from "../api/mcpServer.ts";
import { budgetNames, PGBOUNCER_PORT } from "../api/names.ts";
import { formatPostgresAddress, postgresAddressOf } from "../api/postgresAddress.ts";
import { didYouMean } from "../text/didYouMean.ts";
import {
  byBudget,
  keyOfDraft,
  unlessWrong,
  type Draft,
  type Drafts,
  type FleetProblem,
} from "./draft.ts";
import { quote } from "./problem.ts";

/** More servers than this go into several budgets. */
const SERVERS_MAX = 500;

/** What shows only between objects, in the order of the messages for one object. */
const RULES: readonly ((drafts: Drafts) => readonly FleetProblem[])[] = [
  namedTwice,
  budgetMissing,
  tooManyServers,
  namedAsRole,
  workloadOfManaged,
  memberTwice,
  claimedTwice,
  behindPgBouncer,
  shareMissing,
  roleTwice,
];

/** All problems between the objects of a fleet. */
export function checkFleet(drafts: Drafts): readonly FleetProblem[] {
  return RULES.flatMap((rule) => rule(drafts));
}

/** Kind, namespace and name identify an object. */
function namedTwice({ budgets, servers }: Drafts): FleetProblem[] {
  return [budgets, servers].flatMap((drafts: readonly Draft<unknown>[]) =>
    againOf(drafts, keyOfDraft).map(({ item: draft, first: other }) => {
      const allowed = `must be the only ${draft.kind} of this name in namespace ${draft.namespace}`;
      const found = `found ${quote(draft.name)}`;
      return { draft, path: ["metadata", "name"], found, allowed, other };
    }),
  );
}

/** The items whose key an item before them has, and the first one with that key. */
function againOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
): readonly { readonly item: T; readonly first: T }[] {
  const firsts = new Map<string, T>();
  return items.flatMap((item) => {
    const key = keyOf(item);
    const first = firsts.get(key);
    if (first !== undefined) return [{ item, first }];
    firsts.set(key, item);
    return [];
  });
}

/** A server draws from a budget of the fleet, in its own namespace. */
function budgetMissing({ budgets, servers, complete }: Drafts): FleetProblem[] {
  if (!complete) return [];
  const known = new Set(budgets.map(keyOfDraft));
  return servers.flatMap((draft) => {
    const name = unlessWrong(() => draft.object.spec.budgetRef.name);
    if (name === undefined || known.has(`${draft.namespace}/${name}`)) return [];
    const path = ["spec", "budgetRef", "name"];
    return [
      { draft, path, found: `found ${quote(name)}`, allowed: whichBudget(draft, name, budgets) },
    ];
  });
}

function whichBudget(
  { namespace }: Draft<unknown>,
  name: string,
  budgets: readonly Draft<ConnectionBudget>[],
): string {
  const allowed = `must be a ConnectionBudget of namespace ${namespace}`;
  const near = budgets.filter((budget) => budget.namespace === namespace);
  const elsewhere = budgets.find((budget) => budget.name === name);
  if (elsewhere !== undefined) return `${allowed}: this one is in namespace ${elsewhere.namespace}`;
  const meant = didYouMean(
    name,
    near.map((budget) => budget.name),
  );
  if (meant !== undefined) return `${allowed}; did you mean ${meant}?`;
  return near.length === 0 ? `${allowed}: this fleet has none there` : allowed;
}

/** Every server is a line on each PgBouncer process, and one status lists them all. */
function tooManyServers({ servers }: Drafts): FleetProblem[] {
  return [...byBudget(servers).values()].flatMap((ofBudget) => {
    const draft = ofBudget[SERVERS_MAX];
    if (draft === undefined) return [];
    const found = `found ${ofBudget.length} servers`;
    const allowed = `a budget may have at most ${SERVERS_MAX}: divide them among several budgets`;
    return [{ draft, path: ["spec", "budgetRef", "name"], found, allowed }];
  });
}

/** A login and the role behind all lines would share one entry of PgBouncer's userlist. */
function namedAsRole({ budgets, servers }: Drafts): FleetProblem[] {
  const roles = new Map(
    budgets.map((draft) => [keyOfDraft(draft), unlessWrong(() => roleOf(draft.object))]),
  );
  return [...byBudget(servers)].flatMap(([key, ofBudget]) =>
    ofBudget
      .filter((draft) => draft.name === roles.get(key))
      .map((draft) => ({
        draft,
        path: ["metadata", "name"],
        found: `found ${quote(draft.name)}`,
        allowed:
          "must not be the Postgres role of its budget (spec.postgres.user): the server has a login of its own",
      })),
  );
}

/** weir does not manage a workload that it did not make. */
function workloadOfManaged({ budgets, servers }: Drafts): FleetProblem[] {
  const modes = new Map(
    budgets.map((draft) => [keyOfDraft(draft), unlessWrong(() => draft.object.spec.mode)]),
  );
  return [...byBudget(servers)]
    .filter(([key]) => modes.get(key) === "Manage")
    .flatMap(([, ofBudget]) => ofBudget)
    .filter((draft) => unlessWrong(() => draft.object.spec.workloadRef) !== undefined)
    .map((draft) => ({
      draft,
      path: ["spec", "workloadRef"],
      found: "found a mapping",
      allowed: "is only allowed in a budget with mode Observe",
    }));
}

/** Only one process of the fleet may host a member, so that its connections are counted once. */
function memberTwice({ servers }: Drafts): FleetProblem[] {
  return [...byBudget(servers).values()].flatMap((ofBudget) => {
    const members = ofBudget.flatMap((draft) =>
      (unlessWrong(() => awakeMembers(draft.object)) ?? []).map((member, index) => ({
        draft,
        member,
        index,
      })),
    );
    return againOf(members, ({ member }) => member).flatMap(({ item, first: { draft: other } }) => {
      const { draft, member, index } = item;
      if (other.name === draft.name) return [];
      const listed = unlessWrong(() => draft.object.spec.members) !== undefined;
      const path = listed ? ["spec", "members", index] : ["metadata", "name"];
      const allowed = `must be hosted once in a budget: ${other.kind}/${other.name} hosts it`;
      return [{ draft, path, found: `found ${quote(member)}`, allowed, other }];
    });
  });
}

/** A Disabled server hosts no members: they may have moved to another process. */
function awakeMembers(server: McpServer): readonly string[] {
  return server.spec.activation === "Disabled" ? [] : [...membersOf(server)];
}

function addressOf({ object }: Draft<ConnectionBudget>): string | undefined {
  return unlessWrong(() => formatPostgresAddress(postgresAddressOf(object)));
}

/** A PgBouncer of the fleet is no Postgres: a PgBouncer that logs in to itself waits for itself. */
function behindPgBouncer({ budgets }: Drafts): FleetProblem[] {
  const tiers = new Map(
    budgets.map((draft) => {
      const host = `${budgetNames(draft.name).pgbouncer}.${draft.namespace}.svc.cluster.local`;
      return [formatPostgresAddress({ host, port: PGBOUNCER_PORT }), draft] as const;
    }),
  );
  return budgets.flatMap((draft) => {
    const address = addressOf(draft);
    const other = address === undefined ? undefined : tiers.get(address);
    if (other === undefined) return [];
    const path = ["spec", "postgres", "host"];
    return [{ draft, path, allowed: "must be a Postgres: this is a budget's PgBouncer", other }];
  });
}

/** Several budgets of one Postgres must declare their shares, so that these can be summed. */
function shareMissing({ budgets }: Drafts): FleetProblem[] {
  return byPostgres(budgets).flatMap(({ address, sharers }) =>
    sharers.flatMap((draft) => {
      const postgres = unlessWrong(() => ({
        share: draft.object.spec.postgres.shareConnections,
      }));
      if (postgres === undefined || postgres.share !== undefined) return [];
      const path = ["spec", "postgres", "shareConnections"];
      const allowed = `must be given: ${sharers.length} budgets share Postgres ${address}`;
      const other = sharers.find((each) => each !== draft);
      return [{ draft, path, found: "missing", allowed, other }];
    }),
  );
}

/** Budgets of one Postgres: CONNECTION LIMIT, which keeps the sum there, counts by role. */
function roleTwice({ budgets }: Drafts): FleetProblem[] {
  return byPostgres(budgets).flatMap(({ address, sharers }) => {
    const roles = sharers.flatMap((draft) => {
      const role = unlessWrong(() => roleOf(draft.object));
      return role === undefined ? [] : [{ draft, role }];
    });
    return againOf(roles, ({ role }) => role).map(({ item, first: { draft: other } }) => ({
      draft: item.draft,
      path: ["spec", "postgres", "user"],
      found: `found ${quote(item.role)}`,
      allowed: `must be a role of this budget alone, since CONNECTION LIMIT counts by role: ${other.name} has it too, on Postgres ${address}`,
      other,
    }));
  });
}

/** The budgets of each Postgres that several of them share. */
function byPostgres(
  budgets: readonly Draft<ConnectionBudget>[],
): { readonly address: string; readonly sharers: readonly Draft<ConnectionBudget>[] }[] {
  return [...Map.groupBy(budgets, addressOf)].flatMap(([address, sharers]) => {
    const isShared = new Set(sharers.map(keyOfDraft)).size > 1;
    return address !== undefined && isShared ? [{ address, sharers }] : [];
  });
}

/** An object in the cluster that an object of the fleet makes, writes to, or takes a password from. */
interface NameClaim {
  readonly draft: Draft<unknown>;
  /** KIND/NAME, within the draft's namespace. */
  readonly claimed: string;
  /** The field that it follows from. */
  readonly path: FieldPath;
  /** Budgets may name one Secret together, of a Postgres that they share. */
  readonly shared?: true;
}

/** Two objects of the fleet must not make, or take passwords from, one object in the cluster. */
function claimedTwice({ budgets, servers }: Drafts): FleetProblem[] {
  const claims = [...budgets.flatMap(claimsOfBudget), ...servers.flatMap(claimsOfServer)];
  const again = againOf(claims, ({ draft, claimed }) => `${draft.namespace}/${claimed}`);
  return again.flatMap(({ item, first }) => {
    const { draft, claimed, path } = item;
    const { draft: other } = first;
    const isSameName = other.kind === draft.kind && other.name === draft.name;
    if ((first.shared && item.shared) || (isSameName && other !== draft)) return [];
    const allowed = `must be another: ${claimed} belongs to ${other.kind}/${other.name}`;
    return [{ draft, path, allowed, other }];
  });
}

function claimsOfBudget(draft: Draft<ConnectionBudget>): readonly NameClaim[] {
  const names = budgetNames(draft.name);
  const own = [
    `StatefulSet/${names.pgbouncer}`,
    `Service/${names.pgbouncer}`,
    `Service/${names.peers}`,
    `Secret/${names.authSecret}`,
    `Secret/${names.maintenanceSecret}`,
    `Secret/${names.statsSecret}`,
  ].map((claimed) => ({ draft, claimed, path: ["metadata", "name"] }));
  const secret = unlessWrong(() => draft.object.spec.postgres.credentialsSecretRef.name);
  if (secret === undefined) return own;
  const path = ["spec", "postgres", "credentialsSecretRef", "name"];
  return [...own, { draft, claimed: `Secret/${secret}`, path, shared: true }];
}

function claimsOfServer(draft: Draft<McpServer>): readonly NameClaim[] {
  const workload = unlessWrong(() => {
    const { workloadRef } = draft.object.spec;
    return workloadRef === undefined ? "own" : `${workloadRef.kind}/${workloadRef.name}`;
  });
  if (workload === undefined) return [];
  if (workload !== "own") {
    return [{ draft, claimed: workload, path: ["spec", "workloadRef"] }];
  }
  const claims = ["Deployment", "Service"].map((kind) => ({
    draft,
    claimed: `${kind}/${draft.name}`,
    path: ["metadata", "name"],
  }));
  const secret = unlessWrong(() => ({
    name: credentialsSecretOf(draft.object),
    given: draft.object.spec.credentialsSecretRef !== undefined,
  }));
  if (secret === undefined) return claims;
  const path = secret.given ? ["spec", "credentialsSecretRef", "name"] : ["metadata", "name"];
  return [...claims, { draft, claimed: `Secret/${secret.name}`, path }];
}
