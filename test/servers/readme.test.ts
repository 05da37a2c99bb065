import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { MEMBERS } from "../../examples/writing-servers/members.ts";
import { freePort } from "../parts/ports.ts";
import { startPostgres } from "../parts/postgres.ts";
import { runProcess, startProcess } from "../../tools/processes/processes.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const README = readFileSync(resolve(ROOT, "examples/writing-servers/README.md"), "utf8");

/** The three commands, to run in the repository's folder. */
const COMMANDS = /```sh\n([\s\S]*?)```/.exec(README)?.[1]?.trim().split("\n") ?? [];

/** The quickstart's call of a tool, and the answer that it shows. */
const QUICKSTART = readFileSync(resolve(ROOT, "docs/quickstart.md"), "utf8");
const [, CALL = "", ANSWER = ""] =
  /^```sh\n(curl [\s\S]*?)^```\n+```json\n([\s\S]*?)^```$/m.exec(QUICKSTART) ?? [];

it("three commands make a server on a laptop, and the quickstart's call is answered as it says", async () => {
  expect(COMMANDS).toHaveLength(3);
  const postgres = await startPostgres();
  const port = await freePort();
  const [environment = "", migrate = "", serve = ""] = COMMANDS;
  // Where the reader's Postgres is, and which port is free, is another matter here.
  const script = [
    environment,
    `export PGHOST=${postgres.host} PGPORT=${postgres.port}`,
    migrate,
    serve.replace(/PORT=\d+/, `PORT=${port}`).replace("npx", "exec npx"),
  ].join("\n");
  const shell = await startProcess({
    command: "bash",
    args: ["--norc", "-euc", `cd '${ROOT}'\n${script}`],
  });
  try {
    const status = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status;
    await expect.poll(status).toBe(200);
    expect(shell.log()).toContain('"servers":["author","review"]');
    const called = CALL.replace("localhost:3009", `localhost:${port}`);
    // Without its rc file, which bash reads where its input looks like a remote shell's.
    const answer = await runProcess({ command: "bash", args: ["--norc", "-euc", called] });
    expect(`${answer}\n`).toBe(ANSWER);
  } finally {
    await shell.stop("SIGTERM");
    await postgres.stop();
  }
});

it("the table names every server", () => {
  const named = [...README.matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) => name);
  expect(named).toEqual(MEMBERS.map(({ name }) => name));
});
