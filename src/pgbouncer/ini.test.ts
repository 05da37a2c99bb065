import { describe, expect, test } from "vitest";
import { budgetOf, incidentFleet, type BudgetWish } from "../../test/fleets/fleetOf.ts";
import { COMPUTED_PARAMETERS } from "../api/connectionBudget.ts";
import { planFleet } from "../budget/planFleet.ts";
import { commonIni, processIni, type IniPlace } from "./ini.ts";
import { linesOf, type Line } from "./lines.ts";

const PLACE: IniPlace = {
  listenAddress: "*",
  listenPort: 6432,
  socketDir: "/var/run/pgbouncer",
  authFile: "/etc/pgbouncer-auth/userlist.txt",
  hbaFile: "/etc/pgbouncer/hba.conf",
  peers: [],
};

const LINES: readonly Line[] = [
  { name: "author", clients: 10, slots: 5 },
  { name: "maintenance", clients: 4, slots: 2 },
];

describe("golden files", () => {
  test("the fleet of the incident, on two processes", async () => {
    const fleet = incidentFleet();
    const [budget] = fleet.budgets;
    const [plan] = planFleet(fleet).budgets;
    if (budget === undefined || plan === undefined) throw new Error("the incident has a budget");
    const peers = [1, 2].map((id) => ({
      id,
      host: `writing-pgbouncer-${id - 1}.writing-pgbouncer-peers.writing.svc`,
      port: 6432,
    }));

    const text = commonIni(budget, linesOf(budget, plan), { ...PLACE, peers });

    await expect(text).toMatchFileSnapshot("golden/incident.ini");
  });

  test("everything that an ini can be reported", async () => {
    const budget = budgetOf({
      postgres: {
        host: "2001:db8::1",
        port: 5433,
        database: "My 'old' data",
        user: String.raw`it's "me\you"`,
        tls: { mode: "verify-full", caSecretRef: { name: "pg-ca" } },
      },
      pgbouncer: {
        maxClientConn: 50,
        poolMode: "session",
        parameters: { query_wait_timeout: "30", max_prepared_statements: "0" },
      },
    });
    const text = commonIni(budget, LINES, {
      ...PLACE,
      clientTls: { certFile: "/etc/tls/tls.crt", keyFile: "/etc/tls/tls.key" },
      serverTlsCaFile: "/etc/postgres-ca/ca.crt",
    });

    await expect(text).toMatchFileSnapshot("golden/everything.ini");
  });
});

test("a process says what all share, then who it is", () => {
  expect(processIni(2, "/etc/pgbouncer/common.ini")).toBe(
    "%include /etc/pgbouncer/common.ini\npeer_id = 2\n",
  );
});

test("one process alone has no peers", () => {
  const peers = [{ id: 1, host: "writing-pgbouncer-0", port: 6432 }];
  expect(ini({}, { peers })).not.toContain("[peers]");
});

test("no key is set that a user could set as well, but for those that he may", () => {
  const keys = settings(
    ini(
      { postgres: { tls: { mode: "require" } } },
      { clientTls: { certFile: "c", keyFile: "k" }, serverTlsCaFile: "ca" },
    ),
  );
  expect([...keys.keys()].filter((key) => !COMPUTED_PARAMETERS.includes(key))).toEqual([
    "listen_backlog",
    "ignore_startup_parameters",
    "query_wait_timeout",
    "server_connect_timeout",
    "server_login_retry",
  ]);
});

test.each([
  [1000, "1000"],
  [100, "128"],
])("all of %i clients may wait in the queue of its socket: %s", (maxClientConn, backlog) => {
  expect(settings(ini({ pgbouncer: { maxClientConn } })).get("listen_backlog")).toEqual([backlog]);
});

test("a parameter of the user replaces weir's, and there is one of each", () => {
  const text = ini({ pgbouncer: { parameters: { server_login_retry: "7", verbose: "1" } } });
  expect(settings(text).get("server_login_retry")).toEqual(["7"]);
  expect(settings(text).get("verbose")).toEqual(["1"]);
});

test.each([
  { host: "pg.example.com", written: "host=pg.example.com" },
  { host: "10.0.0.1", written: "host=10.0.0.1" },
  { host: "2001:db8::1", written: "host=2001:db8::1" },
])("host $host is written $written", ({ host, written }) => {
  expect(ini({ postgres: { host } })).toContain(`author = ${written} port=5432 `);
});

test.each([
  { user: "writing", written: "user=writing" },
  { user: "My User", written: "user='My User'" },
  { user: "o'neill", written: "user='o''neill'" },
  { user: String.raw`a\b`, written: String.raw`user='a\b'` },
  { user: "a pool_size=99", written: "user='a pool_size=99'" },
])("role $user is written $written", ({ user, written }) => {
  expect(ini({ postgres: { user } })).toContain(` ${written} pool_size=5 `);
});

test("no line goes without limits, in the names that 1.24 gave them", () => {
  const databases = /\[databases\]\n([\s\S]*?)\n\n/.exec(ini())?.[1]?.split("\n") ?? [];
  expect(databases).toHaveLength(LINES.length);
  for (const [index, { name, clients, slots }] of LINES.entries()) {
    expect(databases[index]).toMatch(
      new RegExp(
        `^${name} = .* pool_size=${slots} reserve_pool_size=0 min_pool_size=0 max_db_client_connections=${clients}$`,
      ),
    );
  }
});

function ini(wish: BudgetWish = {}, place: Partial<IniPlace> = {}): string {
  return commonIni(budgetOf(wish), LINES, { ...PLACE, ...place });
}

/** The values of each key of [pgbouncer]. */
function settings(text: string): Map<string, string[]> {
  const section = /\[pgbouncer\]\n([\s\S]*?)(?:\n\n|$)/.exec(text)?.[1] ?? "";
  const values = new Map<string, string[]>();
  for (const [, key = "", value = ""] of section.matchAll(/^(\w+) = (.*)$/gm)) {
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  return values;
}
