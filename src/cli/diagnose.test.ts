import { expect, test } from "vitest";
import { weir } from "../../test/fleets/fakeShell.ts";

test("without a PgBouncer it says why the cluster that is named shows none", async () => {
  const env = { HOME: "/absent" };
  const { exitCode, out, err } = await weir(["diagnose", "--namespace", "writing"], { env });
  expect([exitCode, out]).toEqual([2, ""]);
  expect(err).toMatch(/^weir diagnose: no PgBouncer: give --pgbouncer /);
  expect(err).toContain(
    "\n  the cluster could not be asked for PgBouncers: no cluster is configured: KUBECONFIG is not set",
  );

  const unasked = await weir(["diagnose"], { env });
  expect(unasked.err).not.toContain("cluster");
});
