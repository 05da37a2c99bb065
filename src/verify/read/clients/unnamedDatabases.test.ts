import { expect, test } from "vitest";
import {
  APP_INI,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";
import { prove } from "../../proof/prove.ts";

const ANY = APP_INI.replace(/^app = /m, "* = ");
const NAMED = { DB_HOST: "pooler", DB_PORT: "6432", DB_USER: "a", POOL_MAX: "1" };

test.each([
  ["a client that names none, on a line *", ANY, NAMED, 1],
  ["one that names it", ANY, { ...NAMED, DB_NAME: "app" }, 0],
  ["one whose URL names the login only", ANY, { DATABASE_URL: "postgres://a@pooler:6432" }, 0],
  ["one on a line with a name", APP_INI, NAMED, 0],
])("one database is assumed: %s", (_, ini, env, count) => {
  const { assumptions } = prove(systemIn(poolerText(ini) + deploymentText(env)));
  const questions = assumptions.filter(({ what }) => what.startsWith("how many databases"));
  expect(questions).toHaveLength(count);
  for (const { assumed, answer } of questions) {
    expect(assumed).toBe(1);
    expect(answer?.annotation).toBe("weir.dev/connects-to");
  }
});
