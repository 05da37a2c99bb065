import { expect, test } from "vitest";
import {
  APP_INI,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";
import { prove } from "../../proof/prove.ts";

const TEXT = poolerText(APP_INI.replace("[pgbouncer]", "other = host=pg\n[pgbouncer]"));

test.each([
  ["libpq's variables", { PGHOST: "pooler", PGPORT: "6432", PGUSER: "stats" }, "broken"],
  ["a URL", { DATABASE_URL: "postgres://stats@pooler:6432" }, "broken"],
  [
    "variables of another program",
    { PGBOUNCER_EXPORTER_HOST: "pooler", PGBOUNCER_EXPORTER_USER: "stats" },
    "fits",
  ],
  ["variables that say the database", { DB_HOST: "pooler", DB_USER: "a", DB_NAME: "b" }, "broken"],
  ["variables without it", { DB_HOST: "pooler", DB_USER: "a" }, "fits"],
])("a login alone may name the database by %s", (_, env, verdict) => {
  const postgres = { "Deployment db/pooler": { "weir.dev/postgres-connections": "90" } };
  const system = systemIn(TEXT + deploymentText({ POOL_MAX: "1", ...env }), postgres);
  expect(prove(system).verdict).toBe(verdict);
});
