import { fileURLToPath } from "node:url";

import { expect, it } from "vitest";
import { z } from "zod";

import { startAlone } from "./namespaces.ts";

/** What ghostClients.ts writes. */
const TOLD = z.object({
  when: z.string(),
  causes: z.array(
    z.object({
      kind: z.string(),
      summary: z.string(),
      evidence: z.array(z.string()),
      next: z.array(z.string()),
    }),
  ),
});

/** It waits half a minute, and the rest takes as long as the machine is busy. */
const TIMEOUT_MS = 10 * 60_000;

it(
  "clients of a pod whose network is gone are ghosts; a pod that is just silent has none",
  async () => {
    const program = fileURLToPath(new URL("ghostClients.ts", import.meta.url));
    const running = await startAlone(process.execPath, [program]);
    await running.exited;
    const told = running
      .log()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => TOLD.parse(JSON.parse(line)));
    // Else the program failed: its log says how.
    if (told.length !== 5) throw new Error(running.log());
    const causes = Object.fromEntries(told.map(({ when, causes: own }) => [when, own]));

    expect(causes["before"]).toEqual([]);
    expect(causes["unprobed"]).toEqual([]);
    expect(causes["alone"]).toEqual([]);
    for (const when of ["probed", "pods"]) {
      const [ghosts, ...others] = causes[when] ?? [];
      expect(others).toEqual([]);
      expect(ghosts?.kind).toBe("Ghosts");
      expect(ghosts?.summary).toContain("7 clients are gone");
      expect(ghosts?.evidence[0]).toContain("7 ghosts: line app, user app, from 10.77.2.2");
      expect(ghosts?.next[0]).toContain("10.77.2.2");
    }
    expect(causes["probed"]?.[0]?.evidence[0]).toContain("no packet reaches that address");
    expect(causes["pods"]?.[0]?.evidence[0]).toContain("no pod has that address");
  },
  TIMEOUT_MS,
);
