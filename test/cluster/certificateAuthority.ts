import { join } from "node:path";

import { runProcess } from "../parts/processes.ts";
import { scratchDir } from "../parts/scratch.ts";

/** Makes certificates that an API server knows users by. */
export interface CertificateAuthority {
  readonly caPath: string;
  /** Writes `tls.crt` and `tls.key` of a user into a folder, over those that are there. */
  readonly issue: (user: string, dir: string) => Promise<void>;
}

/** Makes one, by openssl: Node can't sign certificates. */
export async function certificateAuthority(): Promise<CertificateAuthority> {
  const own = await scratchDir("certificate-authority");
  const caPath = join(own, "ca.crt");
  const caKeyPath = join(own, "ca.key");
  await make(["-subj", "/CN=weir-test", "-keyout", caKeyPath, "-out", caPath]);
  const issue = async (user: string, dir: string) => {
    const signed = ["-CA", caPath, "-CAkey", caKeyPath];
    const usage = [
      "-addext",
      "extendedKeyUsage=clientAuth",
      "-addext",
      "basicConstraints=CA:FALSE",
    ];
    const files = ["-keyout", join(dir, "tls.key"), "-out", join(dir, "tls.crt")];
    await make(["-subj", `/CN=${user}`, ...signed, ...usage, ...files]);
  };
  return { caPath, issue };
}

async function make(args: readonly string[]): Promise<void> {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  await runProcess({ command: "openssl", args: ["req", "-x509", ...key, ...args] });
}
