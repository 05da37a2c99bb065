// Started in a pod as: clients.ts HOST…, with PGPASSWORD of the stats login
//
// Prints what each PgBouncer shows of its clients: a list of rows for each, as JSON.
import { PGBOUNCER_PORT, STATS_LOGIN } from "../../../src/api/names.ts";
import { openConsole } from "../../../src/protocol/console.ts";
import { systemRuntime } from "../../../src/runtime/runtime.ts";

const ANSWER_MS_MAX = 10_000;

const shown = process.argv.slice(2).map(async (host) => {
  const login = { host, port: PGBOUNCER_PORT, user: STATS_LOGIN };
  const console = await openConsole(login, systemRuntime, ANSWER_MS_MAX);
  const rows = await console.show("CLIENTS");
  await console.close();
  return rows;
});
process.stdout.write(JSON.stringify(await Promise.all(shown)));
