import { once } from "node:events";
import { createServer } from "node:net";

import { expect, test, vi } from "vitest";

import { freePort } from "./ports.ts";
import { nextOutput, startScript } from "./script.ts";

test("ports differ, and can be listened on", async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort));
  expect(new Set(ports).size).toBe(20);

  for (const port of ports) {
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    server.close();
  }
});

test("a port is given out once, also by processes that choose alike", async () => {
  const script = startScript(`
    import { freePort } from "./ports.ts";
    let turn = 0;
    Math.random = () => ++turn / 1000;
    console.log(await freePort());
    setInterval(() => {}, 1000);
  `);
  const theirs = Number(await nextOutput(script));
  const ours = [await chosenAlike(), await chosenAlike()];
  expect(new Set([theirs, ...ours]).size).toBe(3);
  script.kill("SIGKILL");
});

/** What the same chances lead to here. */
async function chosenAlike(): Promise<number> {
  let turn = 0;
  const random = vi.spyOn(Math, "random").mockImplementation(() => ++turn / 1000);
  try {
    return await freePort();
  } finally {
    random.mockRestore();
  }
}
