import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { runProcess } from "../../tools/processes/processes.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";

/** A certificate and its key, as texts. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * Makes a certificate that signed itself, so that it is its own CA.
 *
 * @param hosts whom it is for: `DNS:localhost`
 */
export async function selfSigned(
  name: string,
  hosts: readonly string[] = ["IP:127.0.0.1", "DNS:localhost"],
): Promise<Certificate> {
  const dir = await scratchDir("certificate");
  const cert = join(dir, "tls.crt");
  const key = join(dir, "tls.key");
  await runProcess({
    command: "openssl",
    args: `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2
      -subj /CN=${name} -addext subjectAltName=${hosts.join(",")}
      -out ${cert} -keyout ${key}`.split(/\s+/),
  });
  return { cert: await readFile(cert, "utf8"), key: await readFile(key, "utf8") };
}
