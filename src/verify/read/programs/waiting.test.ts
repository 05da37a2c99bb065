import { expect, it } from "vitest";
import {
  APP_INI,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";

/** The pools of the clients of a container with this command. */
function pools(command: readonly string[]): unknown {
  const text = deploymentText({ POOL_MAX: "9" }, `\n          command: ${JSON.stringify(command)}`);
  return systemIn(poolerText(APP_INI) + text).clients.map(({ pool }) => pool.known && pool.value);
}

const script = (text: string): readonly string[] => ["sh", "-ec", text];
const HOST = "pooler.db.svc:6432";

it.each([
  [["wait-for-it", HOST, "-t", "30", "--", "app"]],
  [["bash", "/bin/wait-for-it.sh", HOST, "--", "app"]],
  [["dockerize", "-wait", `tcp://${HOST}`, "-timeout", "60s", "app"]],
  [["pg_isready", "-d", `host=${HOST}`]],
  [script(`wait-for ${HOST} -- exec app`)],
  [script("until timeout 1 nc -z pooler.db.svc 6432; do sleep 1; done; exec app")],
  [script("until nc pooler.db.svc 6432; do sleep 1; done\nexec app")],
])("a host that a program only waits for has no client: %j", (command) => {
  expect(pools(command)).toEqual([]);
});

it.each([
  [["app", `--store=${HOST}`, "--wait=5"]],
  [["app", "wait-for-it", HOST]],
  [["wait-for-jobs", HOST]],
  [["wait-for-it", HOST, "--", "app", `--store=${HOST}`]],
  [["wait-for-it", HOST, "app", `--store=${HOST}`]],
  [["dockerize", "-wait", `tcp://${HOST}`, "app", `--store=${HOST}`]],
  [script(`app --store=${HOST} & wait`)],
  [script(`until nc -z pooler.db.svc 6432; do sleep 1; done; exec app --store=${HOST}`)],
  [script(`wait-for-it ${HOST} -- app --store=${HOST}`)],
  [script("mkfifo f; nc -l 5432 <f | nc pooler.db.svc 6432 >f")],
])("a host that another program has is a client's: %j", (command) => {
  expect(pools(command)).toEqual([9]);
});
