import { expect, test } from "vitest";
import { poolHints, poolMaxOf } from "./envNumbers.ts";

const STATIC = { resize: "Static", env: { max: "POOL_MAX" } } as const;
const LIVE = { resize: "Live", env: { max: "POOL_MAX" } } as const;

function pod(containers: readonly object[], annotations = {}) {
  return { metadata: { annotations }, spec: { containers } };
}

test("keeps counts alone: no other variable, and nothing that a Secret gives", () => {
  const { env } = poolHints(
    pod([
      {
        name: "main",
        env: [
          { name: "POOL_MAX", value: " 7 " },
          { name: "PASSWORD", value: "hush" },
          { name: "OTHER", valueFrom: { secretKeyRef: { name: "a", key: "b" } } },
        ],
      },
    ]),
  );
  expect(env).toEqual([{ container: "main", name: "POOL_MAX", value: 7 }]);
});

test("the last of a container counts, and the largest of several containers", () => {
  const hints = poolHints(
    pod([
      {
        name: "a",
        env: [
          { name: "POOL_MAX", value: "50" },
          { name: "POOL_MAX", value: "5" },
        ],
      },
      { name: "b", env: [{ name: "POOL_MAX", value: "9" }] },
    ]),
  );
  expect(poolMaxOf(hints, STATIC)).toEqual({
    value: 9,
    from: "env POOL_MAX of container b",
  });
});

test("only a Live pool follows the annotation", () => {
  const hints = poolHints(
    pod([{ name: "a", env: [{ name: "POOL_MAX", value: "5" }] }], { "weir.dev/pool-limit": "3" }),
  );
  expect(poolMaxOf(hints, LIVE)).toEqual({ value: 3, from: "annotation weir.dev/pool-limit" });
  expect(poolMaxOf(hints, STATIC)?.value).toBe(5);
  expect(poolMaxOf(poolHints(pod([])), LIVE)).toBeUndefined();
});
