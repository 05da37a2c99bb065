import type { ConnectionBudget } from "../api/connectionBudget.ts";
import type { Draft, Drafts, FleetProblem } from "./draft.ts";
import type { FieldPath } from "../api/fieldPath.ts";
import { credentialsSecretOf, type McpServer } from "../api/mcpServer.ts";
import { budgetNames } from "../api/names.ts";
import { unlessPoisoned } from "./poisonedFields.ts";

/** An object in the cluster that an object of the fleet makes, writes to, or takes a password from. */
interface Claim {
  readonly draft: Draft<unknown>;
  /** KIND/NAME, within the draft's namespace. */
  readonly claimed: string;
  /** The field that it follows from. */
  readonly path: FieldPath;
  /** Budgets may name one Secret together, of a Postgres that they share. */
  readonly shared: boolean;
}

/** Two objects of the fleet must not make, or take passwords from, one object in the cluster. */
export function claimedTwice({ budgets, servers }: Drafts): FleetProblem[] {
  const first = new Map<string, Claim>();
  const problems: FleetProblem[] = [];
  const claims = [...budgets.flatMap(claimsOfBudget), ...servers.flatMap(claimsOfServer)];
  for (const claim of claims) {
    const { draft, claimed, path } = claim;
    const key = `${draft.namespace}/${claimed}`;
    const other = first.get(key);
    if (other === undefined) {
      first.set(key, claim);
      continue;
    }
    const isSameName = other.draft.kind === draft.kind && other.draft.name === draft.name;
    if ((other.shared && claim.shared) || (isSameName && other.draft !== draft)) continue;
    const allowed = `must be another: ${claimed} belongs to ${other.draft.kind}/${other.draft.name}`;
    problems.push({ draft, path, allowed, other: other.draft });
  }
  return problems;
}

function claimsOfBudget(draft: Draft<ConnectionBudget>): Claim[] {
  const names = budgetNames(draft.name);
  const made = [
    `StatefulSet/${names.pgbouncer}`,
    `Service/${names.pgbouncer}`,
    `Service/${names.peers}`,
    `Secret/${names.authSecret}`,
    `Secret/${names.maintenanceSecret}`,
    `Secret/${names.statsSecret}`,
  ].map((claimed) => ({ draft, claimed, path: ["metadata", "name"], shared: false }));
  const secret = unlessPoisoned(() => draft.object.spec.postgres.credentialsSecretRef.name);
  if (secret === undefined) return made;
  const path = ["spec", "postgres", "credentialsSecretRef", "name"];
  return [...made, { draft, claimed: `Secret/${secret}`, path, shared: true }];
}

function claimsOfServer(draft: Draft<McpServer>): Claim[] {
  const workload = unlessPoisoned(() => {
    const { workloadRef } = draft.object.spec;
    return workloadRef === undefined ? "own" : `${workloadRef.kind}/${workloadRef.name}`;
  });
  if (workload === undefined) return [];
  if (workload !== "own") {
    return [{ draft, claimed: workload, path: ["spec", "workloadRef"], shared: false }];
  }
  const claims = ["Deployment", "Service"].map((kind) => ({
    draft,
    claimed: `${kind}/${draft.name}`,
    path: ["metadata", "name"],
    shared: false,
  }));
  const secret = unlessPoisoned(() => ({
    name: credentialsSecretOf(draft.object),
    given: draft.object.spec.credentialsSecretRef !== undefined,
  }));
  if (secret === undefined) return claims;
  const path = secret.given ? ["spec", "credentialsSecretRef", "name"] : ["metadata", "name"];
  return [...claims, { draft, claimed: `Secret/${secret.name}`, path, shared: false }];
}
