import type { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { budgetOf, serverOf, type BudgetWish } from "../fleets/fleetOf.ts";
import type { PgBouncer } from "../parts/pgbouncer.ts";
import { type Postgres, startPostgres } from "../parts/postgres.ts";
import { cancel } from "./cancel.ts";
import { selfSigned, type Certificate } from "./certificate.ts";
import { logIn } from "./logIn.ts";
import { LONG_QUERY, untilLongQueryRuns } from "./longQuery.ts";
import { startTier, type StartedTier, type TierSpec } from "./weirTier.ts";
import { chown, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runsAsRoot, serverOwner } from "../../tools/processes/owner.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";

const USER = "author";
const VERIFY_FULL = { mode: "verify-full", caSecretRef: { name: "ca" } } as const;

let ofBouncer: Certificate;
let ofPostgres: Certificate;
let postgres: Postgres;
let tier: StartedTier | undefined;

beforeAll(async () => {
  [ofBouncer, ofPostgres] = await Promise.all([selfSigned("pgbouncer"), selfSigned("postgres")]);
  postgres = await startTlsPostgres(ofPostgres);
});

afterEach(async () => {
  await tier?.stop();
  tier = undefined;
  await postgres.query("DROP DATABASE writing WITH (FORCE)");
  await postgres.query("DROP ROLE writing");
});

afterAll(async () => {
  await postgres.stop();
});

describe("from servers to PgBouncer", () => {
  it("nobody is let in without TLS", async () => {
    const started = await start({ clientTls: ofBouncer });

    await expect(logIn(started, { user: USER })).rejects.toThrow(/^SSL required$/);
  });

  it("a client that verifies gets in, and one that trusts another CA does not", async () => {
    const started = await start({ clientTls: ofBouncer });
    const client = await logIn(started, { user: USER, ssl: { ca: ofBouncer.cert } });

    expect(await backendOf(client)).toMatchObject({ role: "writing" });
    await client.end();
    await expect(logIn(started, { user: USER, ssl: { ca: ofPostgres.cert } })).rejects.toThrow(
      "self-signed certificate",
    );
  });

  it("a cancel comes through the other process, encrypted or not, as libpq may send it", async () => {
    const started = await start({ clientTls: ofBouncer, serverCa: ofPostgres.cert }, 2, {
      tls: VERIFY_FULL,
    });
    const [, other] = started.bouncers;
    const tls = { ca: ofBouncer.cert };

    expect(await cancelledThrough(other, started, tls)).toMatchObject({ code: "57014" });
    expect(await cancelledThrough(other, started)).toMatchObject({ code: "57014" });
  });
});

describe("from PgBouncer to Postgres", () => {
  it("verify-full with the CA of Postgres is encrypted", async () => {
    const started = await start({ serverCa: ofPostgres.cert }, 1, { tls: VERIFY_FULL });
    const client = await logIn(started, { user: USER });

    expect(await backendOf(client)).toEqual({ role: "writing", ssl: true });
    await client.end();
  });

  it("verify-full with another CA lets no query through", async () => {
    const started = await start({ serverCa: ofBouncer.cert }, 1, { tls: VERIFY_FULL });

    await expect(logIn(started, { user: USER })).rejects.toThrow(/server down|certificate/);
    // The log comes through a pipe, and may be later than the answer.
    await expect.poll(() => started.bouncers[0].log()).toContain("certificate verify failed");
  });

  it("disable is not", async () => {
    const started = await start({}, 1, { tls: { mode: "disable" } });
    const client = await logIn(started, { user: USER });

    expect(await backendOf(client)).toEqual({ role: "writing", ssl: false });
    await client.end();
  });
});

async function start(
  certificates: Pick<TierSpec, "clientTls" | "serverCa">,
  processes = 1,
  wish: BudgetWish["postgres"] = {},
): Promise<StartedTier> {
  const { host, port } = postgres;
  const budget = budgetOf({
    postgres: { host, port, ...wish },
    pgbouncer: { replicas: processes },
  });
  tier = await startTier({
    postgres,
    processes,
    fleet: { budgets: [budget], servers: [serverOf(USER)] },
    ...certificates,
  });
  return tier;
}

/** Who a client is in Postgres, and whether PgBouncer's connection there is encrypted. */
async function backendOf(client: Client): Promise<unknown> {
  const { rows } = await client.query(
    "SELECT current_user AS role, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
  );
  return rows[0];
}

/** How a query on the first process ends that is cancelled through another one. */
async function cancelledThrough(
  other: PgBouncer | undefined,
  started: StartedTier,
  tls?: { readonly ca: string },
): Promise<unknown> {
  if (other === undefined) throw new Error("there is only one process");
  const client = await logIn(started, { user: USER, ssl: { ca: ofBouncer.cert } });
  const [error] = await Promise.all([
    client.query(LONG_QUERY).catch((reason: unknown) => reason),
    untilLongQueryRuns(postgres).then(() => cancel(other.port, client, tls)),
  ]);
  await client.end();
  return error;
}

/** Starts a Postgres that shows this certificate to whoever asks for TLS. */
async function startTlsPostgres({ cert, key }: Certificate): Promise<Postgres> {
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
