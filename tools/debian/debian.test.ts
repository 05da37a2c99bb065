import { beforeAll, expect, test } from "vitest";

import { bringCoreutils } from "../../test/parts/coreutils.ts";
import { serverOwner } from "../processes/owner.ts";
import { startProcess } from "../processes/processes.ts";

let cat: string;

beforeAll(async () => {
  cat = await bringCoreutils();
});

test("an unpacked program runs as another user, under its own pid, with its own libraries", async () => {
  const running = await startProcess({
    command: cat,
    args: ["/proc/self/stat", "/proc/self/maps"],
    owner: serverOwner(),
  });
  expect(await running.exited).toEqual({ code: 0, signal: null });

  const [stat = "", ...maps] = running.log().trim().split("\n");
  expect(stat.split(" ")[0]).toBe(`${running.pid}`);
  const libraries = maps.flatMap((line) => /\S*\.so\S*$/.exec(line) ?? []);
  expect(libraries.some((path) => path.endsWith("/libc.so.6"))).toBe(true);
  const tree = cat.slice(0, -"usr/bin/cat".length);
  expect(libraries.filter((path) => !path.startsWith(tree))).toEqual([]);
});
