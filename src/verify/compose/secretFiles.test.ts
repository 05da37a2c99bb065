import { describe, expect, it } from "vitest";
import { composedOf } from "../../../test/verify/composeFiles.ts";

/** What is missing of a service `app` beside a pooler, whose secrets and volumes have no file. */
function askedOf(app: string, top = ""): readonly string[] {
  const compose = `services:
  pooler:
    image: example/pgbouncer
    volumes: [ "./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini:ro" ]
  db: { image: postgres:17 }
  app: { image: example/app, ${app} }
${top}`;
  const ini = "[databases]\napp = host=db user=app\n[pgbouncer]\nmax_client_conn = 50";
  const { missing } = composedOf({ "compose.yaml": compose, "pgbouncer.ini": ini }).system;
  return missing.filter(({ assumed }) => assumed === undefined).map(({ what }) => what);
}

function withSecret(name: string, more = ""): readonly string[] {
  return askedOf(`secrets: [ ${name} ]${more}`, `secrets: { ${name}: { file: ./absent/${name} } }`);
}

describe("a secret whose file is not given", () => {
  it.each(["grafana_admin_password", "s3-key", "api_token.txt", "jwt_secret"])(
    "%s is a login of something else, and no address",
    (name) => {
      expect(withSecret(name)).toEqual([]);
    },
  );

  it.each(["app_config", "database_url", "client_secrets", "keys", "db_secret"])(
    "%s may say where its container connects",
    (name) => {
      expect(withSecret(name)).toEqual([expect.stringContaining(`secret ${name}`)]);
    },
  );

  it.each(["db_password", "postgres-password", "pg_password"])(
    "%s is a login of a Postgres: where, is asked unless a variable says it",
    (name) => {
      expect(withSecret(name)).toEqual([expect.stringContaining(`secret ${name}`)]);
      const direct = ', environment: { DATABASE_URL: "postgres://app@db/app", DB_POOL_MAX: "2" }';
      expect(withSecret(name, direct)).toEqual([]);
    },
  );
});

it.each([
  ["volumes: [ data:/root/.cache ]", 0],
  ["volumes: [ data:/home/app/site.d ]", 0],
  ["volumes: [ /srv/app/.env:/app/.env ]", 1],
  ["volumes: [ /srv/app/config.toml:/app/config.toml ]", 1],
])("a folder that docker makes hides no settings, a file may: %s", (volumes, asked) => {
  expect(askedOf(volumes, "volumes: { data: }")).toHaveLength(asked);
});
