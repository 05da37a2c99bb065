import { chown, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { runsAsRoot, serverOwner } from "../../tools/processes/owner.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import type { Certificate } from "./certificate.ts";

/** Starts a Postgres that shows this certificate to whoever asks for TLS. */
export async function startTlsPostgres({ cert, key }: Certificate): Promise<Postgres> {
  const owner = serverOwner();
  const dir = await scratchDir("postgres-tls", owner);
  const files = { ssl_cert_file: join(dir, "tls.crt"), ssl_key_file: join(dir, "tls.key") };
  for (const [path, text] of [
    [files.ssl_cert_file, cert],
    [files.ssl_key_file, key],
  ] as const) {
    await writeFile(path, text, { mode: 0o600 });
    if (runsAsRoot()) await chown(path, owner.uid, owner.gid);
  }
  return startPostgres({ settings: { ssl: "on", ...files } });
}
