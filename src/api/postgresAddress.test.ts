import { describe, expect, it } from "vitest";
import { formatPostgresAddress, postgresAddressOf } from "./postgresAddress.ts";

describe("postgresAddressOf", () => {
  it.each([
    ["pg", "pg.db.svc.cluster.local:5432"],
    ["PG", "pg.db.svc.cluster.local:5432"],
    ["pg.db", "pg.db.svc.cluster.local:5432"],
    ["pg.db.", "pg.db.svc.cluster.local:5432"],
    ["pg.db.svc", "pg.db.svc.cluster.local:5432"],
    ["pg.db.svc.cluster.local", "pg.db.svc.cluster.local:5432"],
    ["Pg.Db.Svc.Cluster.Local.", "pg.db.svc.cluster.local:5432"],
    ["pg.other", "pg.other.svc.cluster.local:5432"],
    ["pg.eu.example.com", "pg.eu.example.com:5432"],
    ["10.0.0.5", "10.0.0.5:5432"],
    ["FD00::5", "[fd00::5]:5432"],
    ["fd00:0000::0005", "[fd00::5]:5432"],
    ["pg-0.pg.db.svc", "pg-0.pg.db.svc.cluster.local:5432"],
  ])("%s in namespace db is %s", (host, address) => {
    const budget = { metadata: { namespace: "db" }, spec: { postgres: { host, port: 5432 } } };
    expect(formatPostgresAddress(postgresAddressOf(budget))).toBe(address);
  });
});
