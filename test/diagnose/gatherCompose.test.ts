import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { beforeAll, expect, test } from "vitest";

import { runProcess } from "../../tools/processes/processes.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { gather, unseenOf } from "./foreignPgBouncer.ts";

const WEIR = fileURLToPath(new URL("../../bin/weir.js", import.meta.url));
const NO_DOCKER = { PATH: "/absent" };

let file: string;

beforeAll(async () => {
  const dir = await scratchDir("compose");
  file = join(dir, "compose.yaml");
  await writeFile(join(dir, ".env"), "DB_PASSWORD=hush-hush\nPOOL=20\n");
  await writeFile(
    join(dir, "pgbouncer.ini"),
    `[databases]
author = host=postgres dbname=writing pool_size=5
scene = host=postgres dbname=writing pool_size=5
[pgbouncer]
listen_port = 6432
max_client_conn = 200
auth_file = /etc/pgbouncer/userlist.txt
`,
  );
  await writeFile(join(dir, "userlist.txt"), '"author" "hush-hush"\n');
  await writeFile(
    file,
    `services:
  postgres: { image: postgres:17 }
  pgbouncer:
    image: edoburu/pgbouncer:v1.24.1-p1
    volumes: [ "./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini:ro", "./userlist.txt:/etc/pgbouncer/userlist.txt:ro" ]
  author:
    image: example/author
    environment:
      DATABASE_URL: postgres://author:\${DB_PASSWORD}@pgbouncer:6432/author
      DB_POOL_MAX_PER_SERVER: \${POOL}
  scene:
    image: example/scene
    deploy: { replicas: 2 }
    environment: [ PGHOST=pgbouncer, PGPORT=6432, PGUSER=scene, PGDATABASE=scene, DB_POOL_MAX_PER_SERVER=7 ]
  web: { image: example/web }
`,
  );
});

test("the file says which services connect, and how large their pools are set", async () => {
  const live = await gather({ pgbouncers: [], compose: file }, NO_DOCKER);

  expect(live.workloads).toEqual([
    {
      name: "service author",
      line: "author",
      user: "author",
      poolMax: 20,
      poolMaxFrom: expect.stringContaining("DB_POOL_MAX_PER_SERVER"),
      processesPerPod: 1,
      peakPods: 1,
      replicas: 1,
      pods: [],
    },
    expect.objectContaining({
      name: "service scene",
      line: "scene",
      user: "scene",
      poolMax: 7,
      peakPods: 2,
      replicas: 2,
    }),
  ]);
  expect(unseenOf(live, `containers of ${file}`)).toEqual({
    what: `containers of ${file}`,
    why: "there is no docker here",
    next: "run weir diagnose where docker compose ps lists them",
  });
  expect(JSON.stringify(live)).not.toContain("hush");
});

test("the shell's variables count before those of .env", async () => {
  const live = await gather({ pgbouncers: [], compose: file }, { ...NO_DOCKER, POOL: "3" });

  expect(live.workloads?.map(({ poolMax }) => poolMax)).toEqual([3, 7]);
});

test("what weir compose wrote is read, its two PgBouncers behind one name as one pool", async () => {
  const dir = await scratchDir("weir-compose");
  const fleet = "examples/writing-servers/fleet.yaml";
  await runProcess({ command: process.execPath, args: [WEIR, "compose", fleet, "--out", dir] });
  const live = await gather({ pgbouncers: [], compose: join(dir, "compose.yaml") }, NO_DOCKER);

  expect(live.workloads).toHaveLength(10);
  expect(live.workloads?.[0]).toMatchObject({
    name: "service author",
    line: "author",
    user: "author",
    poolMax: 5,
    replicas: 1,
  });
});
