import { expect, test, vi } from "vitest";
import { virtualRuntime } from "../../test/runtime/virtualRuntime.ts";
import { UnavailableError } from "../model/observation.ts";
import { systemNetwork } from "./network.ts";

const dns = vi.hoisted(() => ({
  lookup: vi.fn<(name: string) => Promise<readonly { readonly address: string }[]>>(),
}));
vi.mock("node:dns/promises", () => dns);

test("a name that DNS gives no answer about is given up, by the clock of the runtime", async () => {
  dns.lookup.mockReturnValue(new Promise(() => {}));
  const runtime = virtualRuntime();
  const asked = systemNetwork(runtime).addressesOf("old-pgbouncer", "writing");
  let isOver = false;
  const over = asked.catch((error: unknown) => {
    isOver = true;
    return error;
  });
  await runtime.pass(9999);
  expect(isOver).toBe(false);
  await runtime.pass(1);

  expect(await over).toEqual(
    new UnavailableError(
      "Unreachable",
      "can't look up old-pgbouncer.writing.svc: DNS does not answer within 10 s",
    ),
  );
  expect(runtime.waiting()).toBe(0);
});

test("a name without a dot is a Service's first, and else any host's", async () => {
  dns.lookup.mockImplementation(async (name) => {
    if (name !== "old-pgbouncer") throw new Error("getaddrinfo ENOTFOUND");
    return ["10.0.0.2", "10.0.0.1", "10.0.0.2"].map((address) => ({ address }));
  });
  const { addressesOf } = systemNetwork(virtualRuntime());

  expect(await addressesOf("old-pgbouncer", "writing")).toEqual(["10.0.0.1", "10.0.0.2"]);
  await expect(addressesOf("absent", "writing")).rejects.toThrow(
    "there is no host absent.writing.svc or absent",
  );
});
