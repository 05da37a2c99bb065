import { generateKeyPairSync } from "node:crypto";

/** The key that signs the tokens of ServiceAccounts, as PEM: of SEC1, since PKCS #8 is refused. */
export function serviceAccountKeyPem(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "sec1", format: "pem" }).toString();
}
