import { expect, it } from "vitest";
import {
  APP_INI,
  clientShape,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";

const POOLER = poolerText(APP_INI);
const SERVER = "Deployment db/app, container server";

function clients(command: string, env: Readonly<Record<string, string>> = {}): unknown {
  const text = deploymentText(env, `\n          command: ${command}`);
  return systemIn(POOLER + text).clients.map((client) => clientShape(client));
}

const NAMES = ["Deployment db/pooler", "app", "me"];

it.each([
  ["[psql, -h, pooler, -p, '6432', -U, me, -d, app, -c, 'select 1']", 1],
  ["[psql, --host=pooler, --username=me, --dbname=app]", 1],
  ["[psql, -hpooler, -Ume, app]", 1],
  ["[psql, -h, pooler, app, me]", 1],
  ["[psql, 'postgres://me@pooler/app']", 1],
  ["[psql, 'host=pooler dbname=app user=me']", 1],
  ["[sh, -c, 'pg_dump -h pooler -U me -d app | gzip > f; sleep 5']", 1],
  ["[sh, -c, 'until pg_isready -h pooler; do sleep 1; done; exec psql -h pooler -U me -d app']", 1],
  ["[docker-entrypoint.sh, psql, -h, pooler, -U, me, -d, app]", 1],
  ["[pg_dump, -h, pooler, -U, me, -Fd, -j, '4', app]", 5],
  ["[pgbench, -h, pooler, -U, me, -d, app, -c, '8']", 8],
  ["[migrate, -database, 'postgres://me@pooler/app', up]", 1],
  ["[flyway, '-url=jdbc:postgresql://pooler/app?user=me', migrate]", 3],
  ["[alembic, -x, 'url=postgres://me@pooler/app', upgrade, head]", 1],
  ["[dbmate, --url, 'postgres://me@pooler/app', up]", 3],
  ["[npx, prisma, migrate, deploy, --url, 'postgres://me@pooler/app']", 1],
  ["[airflow, db, migrate, 'postgres://me@pooler/app']", 3],
  ["[airflow, users, create, 'postgres://me@pooler/app']", 3],
  ["[sqlx, migrate, run, --database-url, 'postgres://me@pooler/app']", 1],
  ["[sh, -c, 'PGHOST=pooler PGUSER=me pg_dump app']", 1],
  ["[sh, -c, 'PGHOST=pooler; PGUSER=me; export PGHOST PGUSER; pg_restore -d app f']", 1],
  ["[sh, -c, 'export PGHOST=pooler PGUSER=me && cd /x && pg_dump app']", 1],
  ["[sh, -c, 'H=pool; psql -h ${H}er -U me app']", 1],
  ["[sh, -c, 'H=${H:-pooler}; psql -h \"$H\" -U ${U:-${V:-me}} app']", 1],
  ["[env, PGHOST=pooler, PGUSER=me, pg_dump, app]", 1],
  ["[su, postgres, -c, 'psql -h pooler -U me app']", 1],
  ["[sh, -c, 'export PGHOST=pooler; sh -c \"psql -U me app\"']", 1],
])("%s opens %i", (command, count) => {
  // A pool variable beside it is another program's.
  expect(clients(command, { DB_POOL_MAX: "9" })).toEqual([[SERVER, 1, count, ...NAMES]]);
});

it.each([
  [
    "[sh, -c, 'psql -h $PGHOST -U ${LOGIN:-me} -d app']",
    { PGHOST: "pooler" },
    [[SERVER, 1, 1, ...NAMES]],
  ],
  ["[psql, app]", { PGHOST: "pooler", PGUSER: "me" }, [[SERVER, 1, 1, ...NAMES]]],
  [
    "[python, manage.py, migrate]",
    { DATABASE_URL: "postgres://me@pooler/app" },
    [[SERVER, 1, 1, ...NAMES]],
  ],
  [
    "[bundle, exec, rails, 'db:migrate']",
    { DATABASE_URL: "postgres://me@pooler/app" },
    [[SERVER, 1, 2, ...NAMES]],
  ],
  // Its pool is the other program's.
  [
    "[sh, -c, 'psql -h pooler -U me -d app && exec ./app']",
    { DB_POOL_MAX: "9" },
    [[SERVER, 1, 9, ...NAMES]],
  ],
  ["[./app, psql, -h, pooler]", { DB_POOL_MAX: "9" }, [expect.arrayContaining([SERVER, 1, 9])]],
  ["[psql, -U, me, app]", {}, []],
  ["[pg_isready, -h, pooler]", {}, []],
])("%s with %j", (command, env, expected) => {
  expect(clients(command, env)).toEqual(expected);
});

it("asks where psql connects by a variable that nobody gives", () => {
  const text = deploymentText({}, `\n          command: [sh, -c, "psql -h $THERE -d app"]`);
  const { missing } = systemIn(POOLER + text);
  expect(missing.map(({ what }) => what)).toEqual([
    "where its command of Deployment db/app leads: $THERE is not among the objects",
  ]);
});

it.each([
  "if true; then PGHOST=pooler; fi; psql app",
  "[ -n x ] && PGHOST=pooler; psql app",
  "PGHOST=pooler; PGHOST=other; psql app",
  "for PGHOST in pooler other; do psql app; done",
  "read PGHOST; psql app",
  "f() { PGHOST=pooler; }; f; psql app",
  "psql -h $(cat host) app",
  "psql -h $H app; H=pooler",
  "H=pooler; psql -h $H$1 app",
])("asks where a program connects that %j runs", (script) => {
  const text = deploymentText({ H: "other" }, `\n          command: [sh, -c, '${script}']`);
  const { missing } = systemIn(POOLER + text);
  expect(missing.map(({ what }) => what)).toContainEqual(
    expect.stringMatching(/^where its command/),
  );
});

it.each([
  ["pg_dump -h postgres -U postgres app", false],
  ["PGHOST=postgres pg_dump app", false],
  ["psql -U postgres -h db app", false],
  ["exec postgres -c max_connections=50", true],
  ["docker-entrypoint.sh postgres", true],
  ["exec docker-entrypoint.sh -c fsync=off", true],
  ["sleep 1; exec gosu postgres postgres -D /data", true],
  ['su postgres -c "postgres -D /data"', true],
  ["/usr/lib/postgresql/16/bin/postgres &\nwait", true],
])("an image of Postgres that runs %j is a Postgres: %s", (script, isServer) => {
  const command = JSON.stringify(["sh", "-c", script]);
  const text = deploymentText({}, `\n          command: ${command}`);
  const { postgres } = systemIn(POOLER + text.replace(/image: .*/, "image: postgres:16"));
  expect(
    postgres.some(({ address }) => address.includes("server") || address.includes("app")),
  ).toBe(isServer);
});

it.each([
  ["prom/prometheus:v3", "args: [--config.file=/etc/prometheus.yml]", 0],
  ["redis:7", "command: [redis-server, /etc/redis.conf]", 0],
  ["busybox", "command: [sh, -c, 'until nc -z there 1; do sleep 2; done']", 0],
  ["busybox", "command: [nc, -vz, there, '1']", 0],
  // Whatever else it runs may connect, and nginx may pass on what others open.
  ["nginx", "command: [nginx, -g, 'daemon off;']", 1],
  ["prom/prometheus:v3", "command: [./app]", 1],
  ["busybox", "command: [sh, -c, 'nc -z there 1 && ./app']", 1],
  ["busybox", "command: [nc, there, '1']", 1],
  ["busybox", "command: [find, /, -exec, ./app, ;]", 1],
])("whose files are hidden, image %s with %s, is asked about %i times", (image, command, count) => {
  const more = `
          ${command}
          volumeMounts: [{ name: own, mountPath: /etc/own }]
      volumes: [{ name: own, configMap: { name: not-there } }]`;
  const text = deploymentText({ PGHOST: "there.example" }, more);
  const { missing } = systemIn(POOLER + text.replace("registry.example/app:1", image));
  expect(missing.filter(({ what }) => what.startsWith("whether container server"))).toHaveLength(
    count,
  );
});

it.each([
  ["postgres://$(cat /u):$(cat /p)@pooler/app", ["Deployment db/pooler", "app"]],
  ["echo postgres://$(eval $U):$(eval $P)@${HOST}:${PORT}/app", ["Deployment db/pooler", "app"]],
])("the URL of a shell's snippet %s leads to a pooler", (url, expected) => {
  const env = { DATABASE_CMD: url, HOST: "pooler", PORT: "6432", DB_POOL_MAX: "2" };
  const { clients: found, missing } = systemIn(POOLER + deploymentText(env));
  expect(missing).toEqual([]);
  expect(found.map((client) => clientShape(client).slice(3, 5))).toEqual([expected]);
});

it("the console is asked over one connection, postgres_exporter opens two", () => {
  const env = { DATABASE_URL: "postgres://me@pooler/pgbouncer" };
  const ofConsole = systemIn(POOLER + deploymentText(env)).clients[0]?.pool;
  expect(ofConsole).toMatchObject({ known: true, value: 1 });
  const text = deploymentText({ DATA_SOURCE_NAME: "postgres://me@pooler/app" });
  const image = "prometheuscommunity/postgres-exporter:v0.15.0";
  const exporter = systemIn(POOLER + text.replace("registry.example/app:1", image)).clients[0];
  expect(exporter?.pool).toMatchObject({ known: true, value: 2 });
});

it("an annotation goes before what a program opens", () => {
  const text = deploymentText({}, `\n          command: [psql, -h, pooler, -U, me, -d, app]`);
  const { clients: found } = systemIn(POOLER + text, {
    "Deployment db/app": { "weir.dev/pool-max": "4" },
  });
  expect(found.map((client) => clientShape(client))).toEqual([[SERVER, 1, 4, ...NAMES]]);
});

it.each([
  ["[createdb, -h, pooler, -U, me, new]", "postgres"],
  ["[dropuser, -h, pooler, -U, me, old]", "postgres"],
  ["[createdb, -h, pooler, -U, me, --maintenance-db=app, new]", "app"],
  ["[clusterdb, -h, pooler, -U, me, -d, app]", "app"],
  ["[psql, -h, pooler, -U, me, --field-separator, ',', app]", "app"],
  ["[pg_dump, -h, pooler, -U, me, --exclude-table, log, app]", "app"],
])("%s connects to %s", (command, database) => {
  expect(clients(command)).toEqual([[SERVER, 1, 1, "Deployment db/pooler", database, "me"]]);
});

it.each([
  ["[pg_dumpall, -h, pooler, -U, me]", "pg_dumpall"],
  ["[vacuumdb, -h, pooler, -U, me, -a]", "vacuumdb"],
  ["[reindexdb, -h, pooler, -U, me, --all]", "reindexdb"],
  ["[clusterdb, -h, pooler, -U, me, --all]", "clusterdb"],
  ["[vacuumdb, -h, pooler, -U, me, -za]", "vacuumdb"],
  ["[vacuumdb, -h, pooler, -U, me, -d, app]", undefined],
  ["[vacuumdb, -hpooler, -Uadmin, -dapp]", undefined],
])("asks which databases %s connects to", (command, program) => {
  const text = deploymentText({}, `\n          command: ${command}`);
  const [client] = systemIn(POOLER + text).clients;
  const what = client?.pool.known === false ? client.pool.what : undefined;
  const asked = `which databases container server of Deployment db/app connects to: ${program} connects to each`;
  expect(what).toBe(program && asked);
});
