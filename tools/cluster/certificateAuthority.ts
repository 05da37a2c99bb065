import { join } from "node:path";
import { runProcess } from "../processes/processes.ts";
import { scratchDir } from "../processes/scratch.ts";
import { generateKeyPairSync } from "node:crypto";

/** What a certificate says, and where it goes. */
interface CertificateSpec {
  /** As openssl writes it: `/O=system:nodes/CN=system:node:machine`. */
  readonly subject: string;
  /** The names a server is reached by: `DNS:kubernetes`, `IP:10.0.0.1`; none for a client. */
  readonly names?: readonly string[];
  /** Where to write it: this with `.crt` and `.key` at its end. */
  readonly path: string;
}

/** Makes certificates that an API server knows users by, and that servers show. */
export interface CertificateAuthority {
  readonly caPath: string;
  readonly caKeyPath: string;
  /** Signs a certificate for a client, and for a server when it has names. */
  readonly sign: (spec: CertificateSpec) => Promise<void>;
  /** Writes `tls.crt` and `tls.key` of a user into a folder, over those that are there. */
  readonly issue: (user: string, dir: string) => Promise<void>;
}

/**
 * Makes one, by openssl: Node can't sign certificates.
 *
 * @param own where its own certificate and key go; a folder of its own when absent
 */
export async function certificateAuthority(own?: string): Promise<CertificateAuthority> {
  const dir = own ?? (await scratchDir("certificate-authority"));
  const caPath = join(dir, "ca.crt");
  const caKeyPath = join(dir, "ca.key");
  await make(["-subj", "/CN=weir-test", "-keyout", caKeyPath, "-out", caPath]);
  const sign = async ({ subject, names = [], path }: CertificateSpec) => {
    const usage = names.length === 0 ? "clientAuth" : "clientAuth,serverAuth";
    const extensions = [`extendedKeyUsage=${usage}`, "basicConstraints=CA:FALSE"];
    if (names.length > 0) extensions.push(`subjectAltName=${names.join(",")}`);
    const issuer = ["-CA", caPath, "-CAkey", caKeyPath];
    const says = extensions.flatMap((extension) => ["-addext", extension]);
    const files = ["-keyout", `${path}.key`, "-out", `${path}.crt`];
    await make(["-subj", subject, ...issuer, ...says, ...files]);
  };
  const issue = (user: string, folder: string) =>
    sign({ subject: `/CN=${user}`, path: join(folder, "tls") });
  return { caPath, caKeyPath, sign, issue };
}

async function make(args: readonly string[]): Promise<void> {
  // Longer than anybody leaves a cluster running.
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"];
  await runProcess({ command: "openssl", args: ["req", "-x509", ...key, ...args] });
}

/** The key that signs the tokens of ServiceAccounts, as PEM: of SEC1, since PKCS #8 is refused. */
export function serviceAccountKeyPem(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "sec1", format: "pem" }).toString();
}
