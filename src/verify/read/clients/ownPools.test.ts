import { expect, it } from "vitest";
import {
  APP_INI,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";

const POOLER = poolerText(APP_INI);
const URL = "postgres://a@pooler:6432/app";
const DOTNET = "Host=pooler;Port=6432;Database=app;Username=a";

type Env = Readonly<Record<string, string>>;

const systemWith = (env: Env) => systemIn(POOLER + deploymentText({ ...env, POOL_MAX: "7" }));
const poolsIn = (env: Env): unknown =>
  systemWith(env).clients.map(({ pool }) => (pool.known ? pool.value : pool.what));
const questionsIn = (env: Env): unknown => systemWith(env).missing.map(({ what }) => what);

it.each([
  [{ DATABASE_URL: URL, REPLICA_DATABASE_URL: URL }, [7, 7]],
  [{ DATABASE_URL: URL, DATABASE_REPLICA_URL: URL, JOBS_DB_URL: URL }, [7, 7, 7]],
  [{ DATABASE_URL: URL, REPLICA_DB_HOST: "pooler" }, [7, 7]],
  [{ DB_HOST: "pooler", READ_DB_HOST: "pooler" }, [7, 7]],
  [{ DATABASE_URLS: `${URL},${URL}` }, [7, 7]],
  [{ DATABASE_URLS: `["${URL}", "${URL}"]` }, [7, 7]],
  [{ DATABASE_URL: URL, POSTGRES_URL: URL }, [7]],
  [{ DATABASE_URL: URL, DIRECT_URL: URL, SHADOW_DATABASE_URL: URL }, [7]],
  [{ POSTGRES_PRISMA_URL: URL, POSTGRES_URL_NON_POOLING: URL }, [7]],
  [{ DATABASE_URL: URL, PGHOST: "pooler", DB_HOST: "pooler", PGUSER: "a" }, [7]],
  [{ DATABASE_URL: URL, SPRING_DATASOURCE_URL: `jdbc:${URL}` }, [7]],
  [{ ConnectionStrings__Default: DOTNET, ConnectionStrings__Users: DOTNET }, [7]],
  [{ DATABASE_URL: "postgres://a@pooler,pooler.db/app" }, [7]],
])("%j: pools %j", (env, expected) => {
  expect(poolsIn(env)).toEqual(expected);
});

it("what an annotation says of a process is of all its pools of one target", () => {
  const annotated = deploymentText({ DATABASE_URL: URL, REPLICA_DATABASE_URL: URL }).replace(
    "name: app,",
    'name: app, annotations: { weir.dev/pool-max: "8" },',
  );
  const { clients: found } = systemIn(POOLER + annotated);
  expect(found.map(({ pool }) => pool.known && pool.value)).toEqual([8]);
});

it.each([
  [{ PGHOSTADDR: "10.0.0.5", PGDATABASE: "app" }, "PGHOSTADDR", "10.0.0.5"],
  [{ DATABASE_URL: "postgres://a@172.20.0.9:6432/app" }, "DATABASE_URL", "172.20.0.9"],
])("at a private address of which nobody knows whose it is: %j", (env, by, host) => {
  expect(questionsIn(env)).toEqual([
    `where ${by} of Deployment db/app leads: ${host} may be the address of a PgBouncer's Service or pod`,
  ]);
});
