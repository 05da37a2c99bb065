import { expect, it } from "vitest";

import { metricsText, WaitTimes } from "./metricsText.ts";

it("the figures are reported as Prometheus reads them", () => {
  const waits = new WaitTimes();
  for (const seconds of [0, 0.25, 0.5, 60]) waits.add(seconds);
  const text = metricsText({
    state: { limit: 5, open: 4, idle: 1, inUse: 2, waiting: 3 },
    waitTimes: waits,
    refused: { max_client_conn: 1, max_db_client_connections: 2, max_user_client_connections: 0 },
  });
  expect(text.endsWith("\n")).toBe(true);
  expect(text.split("\n").filter((line) => line !== "" && !line.startsWith("# HELP"))).toEqual([
    "# TYPE weir_pool_limit gauge",
    "weir_pool_limit 5",
    "# TYPE weir_pool_open gauge",
    "weir_pool_open 4",
    "# TYPE weir_pool_idle gauge",
    "weir_pool_idle 1",
    "# TYPE weir_pool_in_use gauge",
    "weir_pool_in_use 2",
    "# TYPE weir_pool_waiting gauge",
    "weir_pool_waiting 3",
    "# TYPE weir_pool_wait_seconds histogram",
    'weir_pool_wait_seconds_bucket{le="0.001"} 1',
    'weir_pool_wait_seconds_bucket{le="0.005"} 1',
    'weir_pool_wait_seconds_bucket{le="0.025"} 1',
    'weir_pool_wait_seconds_bucket{le="0.1"} 1',
    'weir_pool_wait_seconds_bucket{le="0.25"} 2',
    'weir_pool_wait_seconds_bucket{le="0.5"} 3',
    'weir_pool_wait_seconds_bucket{le="1"} 3',
    'weir_pool_wait_seconds_bucket{le="2"} 3',
    'weir_pool_wait_seconds_bucket{le="5"} 3',
    'weir_pool_wait_seconds_bucket{le="10"} 3',
    'weir_pool_wait_seconds_bucket{le="+Inf"} 4',
    "weir_pool_wait_seconds_sum 60.75",
    "weir_pool_wait_seconds_count 4",
    "# TYPE weir_pool_refused_total counter",
    'weir_pool_refused_total{limit="max_client_conn"} 1',
    'weir_pool_refused_total{limit="max_db_client_connections"} 2',
    'weir_pool_refused_total{limit="max_user_client_connections"} 0',
  ]);
});
