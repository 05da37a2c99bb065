import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import {
  TRYOUT_CONFIG_DIR,
  TRYOUT_DATA_DIR,
  TRYOUT_IMAGE,
  TRYOUT_INIT_DIR,
} from "../../src/render/tryout.ts";
import { goldens } from "../golden/goldens.ts";
import { podsOf, stringsAt } from "../golden/manifestPods.ts";
import { freePort } from "../parts/ports.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { startContainer, type RunningContainer, type ContainerSpec } from "./container.ts";
import { imageArchive } from "../../tools/images/imageArchive.ts";

const PASSWORDS = { WEIR_PASSWORD_0: 'it\'s \\ the "archive"', WEIR_PASSWORD_1: "studio" };
const WRITABLE = [TRYOUT_DATA_DIR, "/var/run/postgresql"];

let postgres: RunningContainer;

beforeAll(async () => {
  await imageArchive("postgres");
});

afterEach(async () => {
  await postgres.stop();
});

interface ContainerLogin {
  readonly port: number;
  readonly host: string;
  readonly user: string;
  readonly database: string;
  readonly password?: string;
}

/** What a query over TCP says, or the error that a login or the query ends with. */
async function ask(login: ContainerLogin, sql: string): Promise<unknown> {
  const client = new Client(login);
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } catch (error) {
    return error instanceof Error ? error.message : error;
  } finally {
    await client.end();
  }
}

/** Waits until a login works, or the container has ended. */
async function untilAnswers(login: ContainerLogin): Promise<void> {
  const ended = postgres.process.closed.then(() => {
    throw new Error(postgres.process.log());
  });
  const answers = vi.waitFor(
    async () => {
      const rows = await ask(login, "SELECT 1 AS one");
      if (!Array.isArray(rows)) throw new Error(`${String(rows)}\n${postgres.process.log()}`);
    },
    { timeout: 240_000, interval: 100 },
  );
  await Promise.race([answers, ended]);
}

describe("the image of Postgres", () => {
  it("starts as the manifests for trying weir out ask for it, and answers from outside", async () => {
    const port = await freePort();
    postgres = await startContainer(await tryoutContainer(port));
    // 127.0.0.2: it must listen on more than localhost.
    const archive = { host: "127.0.0.2", port, user: "archive", database: "archive" };
    const login = { ...archive, password: PASSWORDS.WEIR_PASSWORD_0 };
    await untilAnswers(login);

    expect(await ask(login, "SELECT split_part(version(), ' ', 2) LIKE '17.%' AS is_17")).toEqual([
      { is_17: true },
    ]);
    expect(await ask({ ...login, password: "another" }, "SELECT 1")).toMatch(
      /password authentication failed/,
    );
    // By the pg_hba.conf of the manifests alone.
    expect(await ask({ ...login, user: "postgres", database: "postgres" }, "SELECT 1")).toMatch(
      /no pg_hba.conf entry/,
    );
  });

  it("does its first start again when it failed half way", async () => {
    const port = await freePort();
    const sql = [
      "CREATE ROLE reader LOGIN;",
      "\\getenv broken BROKEN",
      "\\if :broken",
      "SELECT wrong;",
      "\\endif",
    ];
    // Both in one container, since they share the data; with the first one all of its would end.
    const twice = `
      BROKEN=true entrypoint && exit 9
      read -r server < "$PGDATA.new/postmaster.pid"
      kill -INT "$server"
      while [ -e "$PGDATA.new/postmaster.pid" ]; do sleep 0.1; done
      BROKEN=false exec entrypoint -c port=${port}`;
    postgres = await startContainer({
      image: "postgres",
      program: "sh",
      args: ["-c", twice],
      env: { POSTGRES_HOST_AUTH_METHOD: "trust" },
      mounts: { [TRYOUT_INIT_DIR]: await folderOf({ "roles.sql": sql.join("\n") }) },
      writable: WRITABLE,
    });
    await untilAnswers({ host: "127.0.0.1", port, user: "reader", database: "postgres" });
    expect(postgres.process.log()).toContain('column "wrong" does not exist');
  });
});

/** The container of the golden manifests, on another port. */
async function tryoutContainer(port: number): Promise<ContainerSpec> {
  const manifests = goldens().find(({ name }) => name === "tryout")?.manifests ?? [];
  const config = manifests.find(({ metadata }) => metadata.name.startsWith("postgres-tryout-"));
  const files = Object.entries(stringsAt(config ?? {}, "data"));
  const ofKind = (isSql: boolean) =>
    Object.fromEntries(files.filter(([name]) => name.endsWith(".sql") === isSql));
  const [container = {}] = podsOf(manifests).flatMap(({ containers }) =>
    containers.filter(({ image }) => image === TRYOUT_IMAGE),
  );
  const args = Array.isArray(container["args"]) ? container["args"].map(String) : [];
  return {
    image: "postgres",
    args: [...args, "-c", `port=${port}`],
    env: {
      ...PASSWORDS,
      POSTGRES_HOST_AUTH_METHOD: "trust",
      PGDATA: `${TRYOUT_DATA_DIR}/pgdata`,
    },
    mounts: {
      [TRYOUT_CONFIG_DIR]: await folderOf(ofKind(false)),
      [TRYOUT_INIT_DIR]: await folderOf(ofKind(true)),
    },
    writable: WRITABLE,
  };
}

/** A folder with these files, that everybody can read. */
async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await scratchDir("files");
  await chmod(dir, 0o755);
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(dir, name), text);
    await chmod(join(dir, name), 0o644);
  }
  return dir;
}
