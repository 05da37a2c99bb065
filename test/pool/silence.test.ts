import { join } from "node:path";
import { expect, it } from "vitest";

import { runsAsRoot } from "../../tools/processes/owner.ts";
import { runProcess } from "../../tools/processes/processes.ts";

it("a goodbye is given up when the other machine is observed to answer nothing, and not when it only waits", async () => {
  const asRoot = runsAsRoot() ? [] : ["--user", "--map-root-user"];
  const script = join(import.meta.dirname, "silentMachine.ts");
  const args = [...asRoot, "--net", process.execPath, script];
  expect(await runProcess({ command: "unshare", args })).toBe("unheard,later,paused,watched");
});
