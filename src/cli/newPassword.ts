import { randomBytes } from "node:crypto";

/** 192 bits, as 32 characters that mean nothing to a URL, a shell, YAML or SQL. */
const PASSWORD_BYTES = 24;

/** Not of a Runtime: nobody may foresee a password, and no test can repeat it. */
export function newPassword(): string {
  return randomBytes(PASSWORD_BYTES).toString("base64url");
}
