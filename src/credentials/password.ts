import type { LoginSecret } from "./logins.ts";
import { secretKeyOf, textOf, type SecretData } from "./secret.ts";
import { passwordProblem } from "./userlistLimits.ts";

/** Keys of a login's Secret; `username` may be missing. */
export const PASSWORD_KEY = "password";
export const USERNAME_KEY = "username";

/** What came of looking for the password in a Secret. Only `password` holds one. */
export type PasswordFound =
  | { readonly kind: "Kept"; readonly password: string }
  | { readonly kind: "Missing" }
  | { readonly kind: "Unusable"; readonly problem: string };

/**
 * Reads a login's password from its Secret.
 *
 * @param data undefined when there is no such Secret
 */
export function findPassword(
  { login, secret }: LoginSecret,
  data: SecretData | undefined,
): PasswordFound {
  if (data === undefined) return { kind: "Missing" };
  const unusable = (what: string): PasswordFound => ({
    kind: "Unusable",
    problem: `Secret ${secretKeyOf(secret)}, of login ${login}, ${what}`,
  });
  const username = data[USERNAME_KEY];
  if (username !== undefined && textOf(username) !== login) {
    return unusable(`has another ${USERNAME_KEY}; make it that login, or remove the key`);
  }
  const value = data[PASSWORD_KEY];
  if (value === undefined) return unusable(`has no key ${PASSWORD_KEY}`);
  const password = textOf(value);
  if (password === undefined) return unusable(`has a ${PASSWORD_KEY} that is not UTF-8 text`);
  const problem = passwordProblem(password);
  return problem === undefined ? { kind: "Kept", password } : unusable(problem);
}
