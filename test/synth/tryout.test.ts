import { chmod, chown, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { goldens } from "../golden/goldens.ts";
import { stringsAt } from "../golden/manifestPods.ts";
import { serverOwner } from "../../tools/processes/owner.ts";
import { startPostgres, type Postgres } from "../parts/postgres.ts";
import { runProcess } from "../../tools/processes/processes.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { findPsql } from "./psql.ts";

/** What a Postgres for trying out does at its first start, done to a real one by psql. */

const PASSWORDS = { WEIR_PASSWORD_0: 'it\'s \\ the "archive"', WEIR_PASSWORD_1: "studio" };
const ARCHIVE = { user: "archive", database: "archive", password: PASSWORDS.WEIR_PASSWORD_0 };
const STUDIO = {
  user: "all",
  database: 'it\'s "quoted" \\o/',
  password: PASSWORDS.WEIR_PASSWORD_1,
};

let postgres: Postgres;

beforeAll(async () => {
  const dir = await scratchDir("tryout", serverOwner());
  const manifests = goldens().find(({ name }) => name === "tryout")?.manifests ?? [];
  const config = manifests.find(({ metadata }) => metadata.name.startsWith("postgres-tryout-"));
  const files = stringsAt(config ?? {}, "data");
  const { uid, gid } = serverOwner();
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(dir, name), text);
    await chmod(join(dir, name), 0o600);
    await chown(join(dir, name), uid, gid);
  }
  postgres = await startPostgres({ settings: { hba_file: join(dir, "pg_hba.conf") } });
  const psql = await findPsql();
  for (const name of Object.keys(files).filter((file) => file.endsWith(".sql"))) {
    await runProcess({
      command: psql,
      // As the image's entrypoint does.
      args: ["-v", "ON_ERROR_STOP=1", "--no-password", "--no-psqlrc", "-f", join(dir, name)],
      owner: serverOwner(),
      env: {
        ...PASSWORDS,
        PGHOST: postgres.socketDir,
        PGPORT: String(postgres.port),
        PGUSER: "postgres",
        PGDATABASE: "postgres",
      },
    });
  }
});

afterAll(async () => {
  await postgres.stop();
});

interface TryoutLogin {
  readonly user: string;
  readonly database: string;
  readonly password: string;
}

/** What a query over TCP says, or the error that a login or the query ends with. */
async function ask(login: TryoutLogin, sql: string): Promise<unknown> {
  const client = new Client({ host: postgres.host, port: postgres.port, ...login });
  try {
    await client.connect();
    const { rows } = await client.query(sql);
    return rows;
  } catch (error) {
    return error instanceof Error ? error.message : error;
  } finally {
    await client.end();
  }
}

describe.each([ARCHIVE, STUDIO])("the role of the budget with database $database", (login) => {
  it("logs in with the password of its Secret, and may make tables", async () => {
    expect(await ask(login, "CREATE TABLE pages (number int)")).toEqual([]);
    expect(await ask(login, "SELECT current_user, current_database()")).toEqual([
      { current_user: login.user, current_database: login.database },
    ]);
  });

  it("is held to the budget's share, and is no superuser", async () => {
    expect(
      await ask(
        login,
        "SELECT rolconnlimit, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user",
      ),
    ).toEqual([{ rolconnlimit: 40, rolsuper: false, rolcreaterole: false }]);
    expect(await ask(login, "SHOW client_connection_check_interval")).toEqual([
      { client_connection_check_interval: "500ms" },
    ]);
  });

  it("gets into no other database", async () => {
    const other = login === ARCHIVE ? STUDIO : ARCHIVE;
    expect(await ask({ ...login, database: other.database }, "SELECT 1")).toMatch(
      /no pg_hba.conf entry/,
    );
  });
});

it("the superuser is reached from within the pod alone", async () => {
  expect(
    await ask({ user: "postgres", database: "postgres", password: postgres.password }, "SELECT 1"),
  ).toMatch(/no pg_hba.conf entry/);
});
