import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { scratchDir } from "../../tools/processes/scratch.ts";
import { weir, type CommandResult, type World } from "../fleets/fakeShell.ts";

const EXAMPLE = readFileSync("examples/writing-servers/fleet.yaml", "utf8");
const TLS = readFileSync("test/golden/tls.input.yaml", "utf8");

let dir: string;

beforeEach(async () => {
  dir = join(await scratchDir("compose"), "out");
});

function compose(words: readonly string[] = [], world: World = {}): Promise<CommandResult> {
  const files = { "fleet.yaml": EXAMPLE, "tls.yaml": TLS, ...world.files };
  return weir(["compose", "fleet.yaml", "--out", dir, ...words], { ...world, files });
}

/** All files below the folder: their text by path. */
function contents(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(dir, { recursive: true, encoding: "utf8" })
      .filter((path) => statSync(join(dir, path)).isFile())
      .toSorted()
      .map((path) => [path, readFileSync(join(dir, path), "utf8")]),
  );
}

function secretsOf(all: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(all).filter(([path]) => path.startsWith("secrets/")));
}

function passwordsOf(all: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(all)
    .filter((path) => path.endsWith("/password"))
    .map((path) => all[path] ?? "");
}

describe("the example", () => {
  it("is written as it was", async () => {
    await compose();
    const text = readFileSync(join(dir, "compose.yaml"), "utf8");
    // Whoever runs the tests owns the secrets.
    const owner = /\$\{WEIR_USER:-(\d+:\d+)\}/.exec(text)?.[1] ?? "";
    const asOwner = (each: string) => each.replaceAll(owner, "1000:1000");
    await expect(asOwner(text)).toMatchFileSnapshot("golden/compose.yaml.txt");
    const env = readFileSync(join(dir, ".env.example"), "utf8");
    await expect(asOwner(env)).toMatchFileSnapshot("golden/env.example.txt");
  });

  it("names all that it wrote, and shows no password", async () => {
    const { exitCode, out, err } = await compose();
    const all = contents();
    const passwords = passwordsOf(all);

    expect(exitCode).toBe(0);
    expect(passwords).toHaveLength(13);
    expect(new Set(passwords).size).toBe(13);
    expect(passwords.filter((password) => !/^[\w-]{32}$/.test(password))).toEqual([]);
    const told = out.trim().split("\n");
    for (const path of Object.keys(all)) {
      expect(told.filter((line) => join(dir, path).startsWith(line))).toHaveLength(1);
    }
    const open = Object.entries(all).filter(([path]) => !path.startsWith("secrets/"));
    for (const text of [out, err, ...open.map(([, each]) => each)]) {
      expect(passwords.filter((password) => text.includes(password))).toEqual([]);
    }
    expect(err).toMatch(
      /^secrets\/writing\/writing-postgres\/password is new: give role writing /m,
    );
  });

  it("keeps secrets from everybody else, and from git", async () => {
    await compose();
    for (const path of Object.keys(secretsOf(contents()))) {
      expect(statSync(join(dir, path)).mode & 0o777).toBe(0o600);
      expect(statSync(join(dir, dirname(path))).mode & 0o777).toBe(0o700);
    }
    expect(readFileSync(join(dir, ".gitignore"), "utf8")).toBe("/secrets/\n/.env\n");
  });
});

describe("the second time", () => {
  it("nothing changes, nor is a file written anew", async () => {
    await compose();
    const before = contents();
    const inodes = Object.keys(before).map((path) => statSync(join(dir, path)).ino);

    expect(await compose()).toMatchObject({
      exitCode: 0,
      out: "",
      err: expect.stringMatching(/^weir compose: nothing changed\n/),
    });
    expect(contents()).toEqual(before);
    expect(Object.keys(before).map((path) => statSync(join(dir, path)).ino)).toEqual(inodes);
  });

  it("a new server gets its secrets, and those that are there stay", async () => {
    await compose(["--active", "scene,review"]);
    const before = contents();
    const { err } = await compose();
    const after = contents();

    expect(after).toMatchObject(Object.fromEntries(Object.entries(before).filter(isPassword)));
    expect(Object.keys(after)).toContain("secrets/writing/author-db/pgpass");
    expect(err).toContain(
      "secrets/writing/writing-pgbouncer-auth/userlist.txt changed: restart the containers that read it",
    );
    // What runs may still read it.
    expect(after).toMatchObject(
      Object.fromEntries(Object.entries(before).filter(([path]) => path.startsWith("config/"))),
    );
  });

  it("a password that a person wrote is taken, and what is composed of it follows", async () => {
    mkdirSync(join(dir, "secrets/writing/scene-db"), { recursive: true, mode: 0o755 });
    writeFileSync(join(dir, "secrets/writing/scene-db/password"), 'a:b\\c"d');
    await compose();
    const all = contents();
    // Whatever is below, nobody else gets there.
    expect(statSync(join(dir, "secrets")).mode & 0o777).toBe(0o700);

    expect(all["secrets/writing/scene-db/password"]).toBe('a:b\\c"d');
    expect(all["secrets/writing/scene-db/pgpass"]).toBe(
      'writing-pgbouncer.writing.svc:6432:scene:scene:a\\:b\\\\c"d\n',
    );
    expect(all["secrets/writing/writing-pgbouncer-auth/userlist.txt"]).toContain(
      '"scene" "a:b\\c""d"\n',
    );
  });

  it("what a person put beside it stays", async () => {
    await compose();
    writeFileSync(join(dir, ".env"), "SCENE_PORT=1\n");
    writeFileSync(join(dir, "compose.override.yaml"), "services: {}\n");
    writeFileSync(join(dir, ".gitignore"), "/secrets/\n/.env\n/logs/\n");
    await compose(["--active", "scene"]);
    expect(contents()).toMatchObject({
      ".gitignore": "/secrets/\n/.env\n/logs/\n",
      ".env": "SCENE_PORT=1\n",
      "compose.override.yaml": "services: {}\n",
    });
  });
});

describe("nothing is written", () => {
  it.each([
    [
      "for a fleet that can't fit",
      3,
      {
        "fleet.yaml": EXAMPLE.replaceAll("  port:", "  pool: { guaranteed: 20, max: 20 }\n  port:"),
      },
      /Clients: 10 servers need 400 connections, 190 are there: 210 missing.*not feasible: nothing is written\n$/s,
    ],
    [
      "for a fleet with a mistake",
      2,
      { "fleet.yaml": EXAMPLE.replace("port: 3001", "port: 0") },
      /^fleet\.yaml:\d+:\d+: McpServer\/book-planning: spec\.port: found 0/,
    ],
    [
      "for a server that is named as a PgBouncer process",
      2,
      { "fleet.yaml": EXAMPLE.replace("name: scene,", "name: writing-pgbouncer-0,") },
      /^McpServer\/writing-pgbouncer-0: metadata\.name: found writing-pgbouncer-0/,
    ],
  ])("%s", async (_, exitCode, files, message) => {
    expect(await compose([], { files })).toEqual({
      exitCode,
      out: "",
      err: expect.stringMatching(message),
    });
    expect(existsSync(dir)).toBe(false);
  });

  it.each([
    ["compose.yaml", "services: {}\n"],
    // docker compose would no longer take this one.
    ["docker-compose.yml", "services: {}\n"],
    [".env.example", "TOKEN=\n"],
    [".gitignore", "node_modules/\n"],
  ])("over a %s that weir did not write", async (name, text) => {
    mkdirSync(dir);
    writeFileSync(join(dir, name), text);
    expect(await compose()).toEqual({
      exitCode: 2,
      out: "",
      err: `${join(dir, name)}: weir did not write this file; name another folder (--out), or move it away\n`,
    });
    expect(contents()).toEqual({ [name]: text });
  });

  it.each([
    ["a file", ""],
    ["within a file", "/below/it"],
  ])("into a folder that is %s", async (_, below) => {
    writeFileSync(dir, "mine");
    expect(await compose(["--out", dir + below])).toEqual({
      exitCode: 2,
      out: "",
      err: `${dir}: is no folder; --out names the folder to write\n`,
    });
    expect(readFileSync(dir, "utf8")).toBe("mine");
  });

  it("over a folder that is called as one of its files", async () => {
    mkdirSync(join(dir, "compose.yaml"), { recursive: true });
    expect(await compose()).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining("compose.yaml: weir did not write this file"),
    });
  });

  it("with a password that nobody gets in with; and it is not shown", async () => {
    await compose();
    const before = contents();
    const path = "secrets/writing/scene-db/password";
    writeFileSync(join(dir, path), "hush\n");
    expect(await compose(["--active", "scene"])).toEqual({
      exitCode: 2,
      out: "",
      err: "Secret writing/scene-db, of login scene, has a password that ends with a line break, as `echo` without -n makes it\n",
    });
    expect(contents()).toEqual({ ...before, [path]: "hush\n" });
  });

  it("half: what fails on the way leaves the old compose.yaml", async () => {
    await compose(["--active", "scene"]);
    const before = contents();
    // A file where the folder of a configuration must be.
    rmSync(join(dir, "config"), { recursive: true });
    writeFileSync(join(dir, "config"), "");
    expect(await compose()).toMatchObject({ exitCode: 1 });
    expect(contents()["compose.yaml"]).toBe(before["compose.yaml"]);
    expect(readdirSync(dir).filter((name) => name.includes(".new-"))).toEqual([]);
  });
});

function missing(path: string): string {
  return `secrets/writers/${path} is missing: it is yours to make`;
}

describe("certificates", () => {
  it("are the user's: those that are missing are named", async () => {
    const words = ["compose", "tls.yaml", "--out", dir];
    const files = { "tls.yaml": TLS };
    const first = await weir(words, { files });
    for (const path of [
      "studio-pgbouncer-tls/tls.crt",
      "studio-pgbouncer-tls/tls.key",
      "studio-pgbouncer-tls/ca.crt",
      "postgres-ca/ca.crt",
    ]) {
      expect(first.err).toContain(missing(path));
    }
    mkdirSync(join(dir, "secrets/writers/postgres-ca"));
    writeFileSync(join(dir, "secrets/writers/postgres-ca/ca.crt"), "");
    const second = await weir(words, { files });
    expect(second.err).not.toContain(missing("postgres-ca/ca.crt"));
    expect(second.err).toContain(missing("studio-pgbouncer-tls/ca.crt"));
  });
});

describe("who is awake, and a Postgres for trying out, are requested", () => {
  it.each<[string, readonly string[], World]>([
    ["by options", ["--active", "scene", "--tryout-postgres"], {}],
    ["as for cdk8s", [], { env: { WEIR_ACTIVE: "scene", WEIR_TRYOUT_POSTGRES: "1" } }],
  ])("%s", async (_, words, world) => {
    const { err } = await compose(words, world);
    const services = [
      ...(contents()["compose.yaml"]?.matchAll(/^ {2}([\w-]+):\n {4}image/gm) ?? []),
    ];
    expect(services.map(([, name]) => name)).toEqual([
      "writing-postgres",
      "writing-pgbouncer-0",
      "writing-pgbouncer-1",
      "scene",
    ]);
    // It gets the role's password by itself, and no name needs an address.
    expect(err).not.toMatch(/is new|is a name of the cluster/);
  });

  it("and a wish that says neither yes nor no is refused", async () => {
    expect(await compose([], { env: { WEIR_TRYOUT_POSTGRES: "yes" } })).toMatchObject({
      exitCode: 2,
      err: 'WEIR_TRYOUT_POSTGRES: found "yes"; must be 1, 0 or unset\n',
    });
  });

  it("but not in the place of one that is elsewhere", async () => {
    const files = {
      "fleet.yaml": EXAMPLE.replace("host: writing-postgres", "host: db.example.com"),
    };
    const { exitCode, err } = await compose(["--tryout-postgres"], { files });
    expect(exitCode).toBe(2);
    expect(err).toContain(
      "spec.postgres.host: found db.example.com; with a Postgres for trying out",
    );
  });
});

function isPassword([path]: readonly [string, string]): boolean {
  return path.endsWith("/password");
}
