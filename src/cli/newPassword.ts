import { randomBytes } from "node:crypto";

/** 192 bits, as 32 characters that mean nothing to a URL, a shell, YAML or SQL. */
const PASSWORD_BYTES = 24;

/** Random bytes of the machine, not of a Runtime: a password must not be predictable. */
export function newPassword(): string {
  return randomBytes(PASSWORD_BYTES).toString("base64url");
}
