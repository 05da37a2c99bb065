import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { weir } from "../fleets/fakeShell.ts";
import { GOLDEN_DIR } from "../golden/goldens.ts";
import { serverOwner } from "../../tools/processes/owner.ts";
import { runProcess } from "../../tools/processes/processes.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { findPsql } from "../synth/psql.ts";
import { readCompose, type ComposeFile } from "./written.ts";

/** What a Postgres for trying out does at its first start, done to a real one by psql. */

const DATABASES = [
  { name: "archive", secret: "archive-postgres", user: "archive", database: "archive" },
  { name: "studio", secret: "studio-postgres", user: "all", database: 'it\'s "quoted" \\o/' },
];

let postgres: Postgres;
let dir: string;

beforeAll(async () => {
  dir = join(await scratchDir("compose"), "out");
  const fleet = readFileSync(join(GOLDEN_DIR, "tryout.input.yaml"), "utf8");
  const words = ["compose", "fleet.yaml", "--tryout-postgres", "--out", dir];
  const written = await weir(words, { files: { "fleet.yaml": fleet } });
  if (written.exitCode !== 0) throw new Error(written.err);
  const file = readCompose(readFileSync(join(dir, "compose.yaml"), "utf8"));
  postgres = await startPostgres();
  for (const sql of sqlFiles(file)) await runPsql(await onThisMachine(sql, file));
});

afterAll(async () => {
  await postgres.stop();
});

function sqlFiles({ services, configs }: ComposeFile): readonly string[] {
  return (services["postgres"]?.configs ?? [])
    .filter(({ target }) => target.startsWith("/docker-entrypoint-initdb.d/"))
    .map(({ source }) => join(dir, configs[source]?.file ?? ""));
}

/** The SQL with the secrets where psql's user finds them. */
async function onThisMachine(sql: string, file: ComposeFile): Promise<string> {
  const folder = await scratchDir("secrets", serverOwner());
  let text = readFileSync(sql, "utf8");
  for (const { source, target } of file.services["postgres"]?.secrets ?? []) {
    const path = join(folder, source);
    await writeFile(path, readFileSync(join(dir, file.secrets[source]?.file ?? "")));
    text = text.replaceAll(target, path);
  }
  const path = join(folder, "init.sql");
  await writeFile(path, text);
  return path;
}

async function runPsql(path: string): Promise<void> {
  await runProcess({
    command: await findPsql(),
    // As the image's entrypoint does.
    args: ["-v", "ON_ERROR_STOP=1", "--no-password", "--no-psqlrc", "-f", path],
    owner: serverOwner(),
    env: {
      PGHOST: postgres.socketDir,
      PGPORT: String(postgres.port),
      PGUSER: "postgres",
      PGDATABASE: "postgres",
    },
  });
}

describe.each(DATABASES)("the role of budget $name", ({ secret, user, database }) => {
  it("logs in with the password of its file, and is held to the budget's share", async () => {
    const password = readFileSync(join(dir, `secrets/writers/${secret}/password`), "utf8");
    const { host, port } = postgres;
    const client = new Client({ host, port, user, password, database });
    await client.connect();
    await client.query("CREATE TABLE pages (number int)");
    const { rows } = await client.query(
      "SELECT rolconnlimit, rolsuper FROM pg_roles WHERE rolname = current_user",
    );
    await client.end();
    expect(rows).toEqual([{ rolconnlimit: 40, rolsuper: false }]);
  });
});
