import { expect, test } from "vitest";
import { roleSettings, type SettingRow } from "./roleSettings.ts";

function rows(changes: Readonly<Record<string, Partial<SettingRow>>>): SettingRow[] {
  const units: Readonly<Record<string, string | null>> = {
    client_connection_check_interval: "ms",
    tcp_keepalives_idle: "s",
    tcp_keepalives_interval: "s",
    tcp_keepalives_count: null,
  };
  return Object.entries(units).map(([name, unit]) => ({
    name,
    unit,
    shown: "0",
    written: null,
    otherwise: "0",
    ...changes[name],
  }));
}

test.each([
  ["1s", 1000],
  ["250", 250],
  ["0.5min", 30_000],
  ["2h", 7_200_000],
  ["off", 0],
])("an interval that is written as %s has %i ms", (written, expected) => {
  const settings = roleSettings(rows({ client_connection_check_interval: { written } }));
  expect(settings.clientConnectionCheckIntervalMs).toBe(expected);
});

test("keepalives are the system's when nothing sets them, and what it shows where one is missing", () => {
  const shown = {
    tcp_keepalives_idle: { shown: "7200" },
    tcp_keepalives_interval: { shown: "75" },
    tcp_keepalives_count: { shown: "9" },
  };
  expect(roleSettings(rows(shown)).keepaliveS).toBe(0);
  const idle = { ...shown, tcp_keepalives_idle: { shown: "7200", written: "30" } };
  expect(roleSettings(rows(idle)).keepaliveS).toBe(30 + 75 * 9);
  const all = {
    tcp_keepalives_idle: { written: "1min" },
    tcp_keepalives_interval: { otherwise: "10" },
    tcp_keepalives_count: { written: "3" },
  };
  expect(roleSettings(rows(all)).keepaliveS).toBe(90);
});
