import { expect, test } from "vitest";
import { Template } from "../../template.ts";
import { PRODUCTS } from "../../../../test/verify/products.ts";
import { anyUrls, connectionUrls } from "./connectionStrings.ts";
import { Stores } from "./stores.ts";

/** `host:port/database` of each URL in a text; `?` for a host that can't be said. */
function hostsIn(text: Template): readonly string[] {
  return connectionUrls(text).flatMap(({ hosts, database }) =>
    hosts.map(({ host, port }) => `${host.known ?? "?"}:${port ?? ""}/${database?.render() ?? ""}`),
  );
}

test.each([
  ["postgresql://app:<REPLACE_ME>@pg:5432/app?connection_limit=60", "pg:5432/app"],
  ["postgresql://<user>:<password>@pg:5432/app", "pg:5432/app"],
  ["postgresql://<user>@pg:5432/app", "pg:5432/app"],
  ["postgres://app:a<b@pg:5432/app", "pg:5432/app"],
  ["postgres://app:a>b@pg/app", "pg:/app"],
  ["postgres://app:change me please@pg:5432/app", "pg:5432/app"],
  ["postgres://app:a?b@pg:5432/app", "pg:5432/app"],
  ["postgres://app:a#b@pg:5432/app", "pg:5432/app"],
  ["postgres://app:a/b@pg:5432/app", "pg:5432/app"],
  ["postgres://app:a|b\\c@pg:5432/app", "pg:5432/app"],
  ["postgres://app:p@ss<w@pg:5432/app", "pg:5432/app"],
  ["postgres://app:p@ss@pg:5432/app", "pg:5432/app"],
  ["postgres://app:p@ss/w@pg:5432/app", "pg:5432/app"],
  ["postgres://app:<x>@pg1:5432,pg2:5433/app", "pg1:5432/app pg2:5433/app"],
  ["postgres://app:<x>@[::1]:5432/app", "::1:5432/app"],
  ["url: 'postgres://app:<x>@pg:5432/app' # ask me@example.org", "pg:5432/app"],
  // Which part is the host can't be said.
  ["postgres://app:p@ss/w<x@pg:5432/app", "?:/"],
  ["postgres://app:it's@pg:5432/app", "?:/"],
  ["postgres://app:<x>@<host>:5432/app", "?:/app"],
  ["postgres://app:x@pg/app me@example.org", "?:/"],
  ["psql postgres://pg:$PORT/app -c x@y", "?:/app"],
  ["postgres://app:", "?:/"],
  // As before.
  ["postgres://app:x@pg:5432/app?user=me@server", "pg:5432/app"],
  ["postgres://pg:5432/app?user=me@server", "pg:5432/app"],
  ["postgres://pg/app?user=me@server", "pg:/app"],
  ["psql postgres://pg:5432/app | mail me@example.org", "pg:5432/app"],
  ['{"url":"postgres://app:x@pg/app","mail":"me@example.org"}', "pg:/app"],
  ["postgres://a:x@pg1/a,postgres://b:x@pg2/b", "pg1:/a pg2:/b"],
  ["psql postgres://app:x@pg/app me@example.org", "pg:/app"],
])("%s leads to %s", (text, hosts) => {
  expect(hostsIn(Template.of(text)).join(" ")).toBe(hosts);
});

/** A text with an unknown part, whose name spells nothing. */
function part(before: string, after: string): Template {
  return Template.join([Template.of(before), Template.unknown("a<b@c"), Template.of(after)]);
}

test("an unknown password, port or host is one", () => {
  expect(hostsIn(part("postgres://app:", "@pg:5432/app"))).toEqual(["pg:5432/app"]);
  expect(hostsIn(part("postgres://app:x@", ":5432/app"))).toEqual(["?:5432/app"]);
  expect(hostsIn(part("postgres://app:x@pg:5432/", "?a=b@c"))).toEqual(["pg:5432/a<b@c"]);
});

test.each([
  ["ecto://app:<x>@pg:5432/app", ["pg"]],
  ["pgx5://app:x@pg/app", ["pg"]],
  ["jdbc:pgsql2://pg:5432/app", ["pg"]],
  ["mysql2://app:x@db/app", []],
  ["jdbc:mysql://db/app", []],
  ["mongodb+srv://app:x@db/app", []],
  ["https://db.example.org", []],
  ["sqlite:///data/app.db", []],
])("of a variable about a Postgres %s leads to %s", (text, hosts) => {
  const urls = anyUrls(Template.of(text), new Stores(PRODUCTS.knowledge));
  expect(urls.flatMap((url) => url.hosts.map(({ host }) => host.known))).toEqual(hosts);
});
