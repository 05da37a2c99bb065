import { once } from "node:events";
import { createServer } from "node:net";

import { expect, test, vi } from "vitest";

import { freePort, portsInARow } from "./ports.ts";
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
    import { freePort } from "./test/parts/ports.ts";
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

test("of a row that was given out, no port is given out again", async () => {
  const first = await lowest(() => portsInARow(3));
  const row = [first, first + 1, first + 2];
  const others = [await lowest(freePort), await lowest(freePort)];
  const next = await lowest(() => portsInARow(2));

  expect(row).not.toContain(others[0]);
  expect(row).not.toContain(others[1]);
  expect([...row, ...others]).not.toContain(next);
  expect([...row, ...others]).not.toContain(next + 1);
});

/** What is chosen when one port after the other is tried, from the lowest on. */
async function lowest(choose: () => Promise<number>): Promise<number> {
  let turn = 0;
  const random = vi.spyOn(Math, "random").mockImplementation(() => (turn++ + 0.5) / 18_000);
  try {
    return await choose();
  } finally {
    random.mockRestore();
  }
}

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
