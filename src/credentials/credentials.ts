import { roleOf, type ConnectionBudget } from "../api/connectionBudget.ts";
import { keyOf, serversByBudget, type Fleet } from "../api/fleet.ts";
import { budgetNames } from "../api/names.ts";
import { byNames } from "../text/order.ts";
import { quotedIdentifier, shellWord } from "../text/quoting.ts";
import {
  type LoginSecret,
  PASSWORD_KEY,
  USERNAME_KEY,
  findPassword,
  loginSecretsOf,
} from "./logins.ts";
import {
  type Secret,
  type SecretData,
  type SecretName,
  secretKeyOf,
  secretOf,
  textOf,
} from "./secrets.ts";
import { nameProblem, userlist } from "./userlist.ts";

/** Key of the Secret that PgBouncer mounts. */
export const USERLIST_KEY = "userlist.txt";

/** The missing credentials of a fleet. Only `secrets` holds passwords. */
export interface Credentials {
  /** The Secrets to apply; none when there is a problem, so that nothing is half done. */
  readonly secrets: readonly Secret[];
  /** Problems that a person must solve first. */
  readonly problems: readonly string[];
  /** Steps for a person after the Secrets are applied. */
  readonly notes: readonly string[];
}

/** A budget whose PgBouncer weir makes. */
interface ManagedTier {
  readonly budget: ConnectionBudget;
  readonly logins: readonly LoginSecret[];
  /** The Secret with the userlist. */
  readonly auth: SecretName;
}

/** The Secrets that `credentials` asks for, each once. */
export function credentialSecretNames(fleet: Fleet): readonly SecretName[] {
  const names = tiersOf(fleet).flatMap(({ logins, auth }) => [
    ...logins.map(({ secret }) => secret),
    auth,
  ]);
  return [...new Map(names.map((name) => [secretKeyOf(name), name])).values()];
}

/**
 * The Secrets that a fleet lacks: existing passwords remain, missing ones are made, and
 * PgBouncer's userlist is written from all of them where it is missing or out of date.
 *
 * @param existing the data of a Secret that is there
 * @param newPassword text of letters, digits, `-` and `_` alone
 */
export function credentials(
  fleet: Fleet,
  existing: (name: SecretName) => SecretData | undefined,
  newPassword: () => string,
): Credentials {
  const tiers = tiersOf(fleet);
  const logins = loginCredentials(tiers, existing, newPassword);
  const problems = [...tiers.flatMap(roleProblems), ...logins.problems];
  if (problems.length > 0) return { secrets: [], problems, notes: [] };

  const secrets = [...logins.secrets];
  const notes = [...logins.notes];
  for (const tier of tiers) {
    const text = userlistOf(tier, logins.passwords);
    const old = existing(tier.auth);
    if (old?.[USERLIST_KEY] !== undefined && textOf(old[USERLIST_KEY]) === text) continue;
    secrets.push(secretOf(tier.auth, tier.budget.metadata.name, { [USERLIST_KEY]: text }));
    if (old !== undefined) notes.push(restartNote(tier.budget));
  }
  return { secrets, problems, notes };
}

function loginCredentials(
  tiers: readonly ManagedTier[],
  existing: (name: SecretName) => SecretData | undefined,
  newPassword: () => string,
) {
  /** By secretKeyOf; complete when there is no problem. */
  const passwords = new Map<string, string>();
  const madeFor = new Map<string, string>();
  const secrets: Secret[] = [];
  const problems: string[] = [];
  const notes: string[] = [];
  const entries = tiers.flatMap(({ budget, logins }) =>
    logins.map((entry) => ({ ...entry, budget })),
  );
  for (const { login, secret, budget } of entries) {
    const key = secretKeyOf(secret);
    const found = findPassword({ login, secret }, existing(secret));
    if (found.kind === "Unusable") {
      problems.push(found.problem);
    } else if (found.kind === "Usable") {
      passwords.set(key, found.password);
    } else if (!madeFor.has(key)) {
      const password = newPassword();
      passwords.set(key, password);
      madeFor.set(key, login);
      secrets.push(
        secretOf(secret, budget.metadata.name, {
          [USERNAME_KEY]: login,
          [PASSWORD_KEY]: password,
        }),
      );
      if (login === roleOf(budget)) notes.push(rolePasswordNote(budget));
    } else if (madeFor.get(key) !== login) {
      // Only budgets may name one Secret, and only those with one role a Secret that weir makes.
      problems.push(
        `Secret ${key} is missing, and both ${madeFor.get(key)} and ${login} name it: give each its own`,
      );
    }
  }
  return { passwords, secrets, problems, notes };
}

/** Servers' names are short by their schema. */
function roleProblems({ budget }: ManagedTier): string[] {
  const problem = nameProblem(roleOf(budget));
  return problem === undefined ? [] : [`The role of ConnectionBudget ${keyOf(budget)} ${problem}`];
}

function userlistOf({ logins }: ManagedTier, passwords: ReadonlyMap<string, string>): string {
  return userlist(
    logins.flatMap(({ login, secret }) => {
      const password = passwords.get(secretKeyOf(secret));
      return password === undefined ? [] : [{ name: login, password }];
    }),
  );
}

function tiersOf(fleet: Fleet): readonly ManagedTier[] {
  const servers = serversByBudget(fleet);
  return fleet.budgets
    .filter(({ spec }) => spec.pgbouncer.existing === undefined)
    .toSorted(byNames(({ metadata }) => [metadata.namespace, metadata.name]))
    .map((budget) => {
      const { namespace, name } = budget.metadata;
      return {
        budget,
        logins: loginSecretsOf(budget, servers.get(keyOf(budget)) ?? []),
        auth: { namespace, name: budgetNames(name).authSecret },
      };
    });
}

/** In kubectl's templates. */
const PASSWORD_FIELD = "{{.data.password | base64decode}}";

/**
 * How Postgres gets the role's new password from its Secret, without anybody seeing it: kubectl
 * writes the statement, and the log of the session that runs it is turned off before.
 */
function rolePasswordNote(budget: ConnectionBudget): string {
  const { namespace } = budget.metadata;
  const { host, port, credentialsSecretRef } = budget.spec.postgres;
  const secret = credentialsSecretRef.name;
  const role = roleOf(budget);
  // A new password has no dollar sign in it; `{{` begins an action wherever it stands.
  const identifier = quotedIdentifier(role).replaceAll("{{", '{{"{{"}}');
  const template = [
    "SET log_statement = none;",
    "SET log_min_error_statement = panic;",
    `ALTER ROLE ${identifier} PASSWORD $$${PASSWORD_FIELD}$$;`,
  ].join(" ");
  return `Secret ${namespace}/${secret} is new: when it is applied, give role ${role} in Postgres the same password (weir guard makes the role; a Postgres of WEIR_TRYOUT_POSTGRES has both by itself):
  kubectl -n ${namespace} get secret ${shellWord(secret)} -o go-template=${shellWord(template)} | psql -h ${host} -p ${port} -U postgres`;
}

/** How a PgBouncer that runs gets to know its new userlist. */
function restartNote(budget: ConnectionBudget): string {
  const { namespace, name } = budget.metadata;
  const { authSecret, pgbouncer } = budgetNames(name);
  return `Secret ${namespace}/${authSecret} changes, and PgBouncer reads it only when it starts:
  kubectl -n ${namespace} rollout restart statefulset/${pgbouncer}`;
}
