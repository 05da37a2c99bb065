// A pod's process in a network of its own, which its environment names. It opens POOL_MAX
// connections, says so, and from then on asks something again and again, or nothing.
import { setTimeout as sleep } from "node:timers/promises";

import { Client } from "pg";

const clients = await Promise.all(
  Array.from({ length: Number(process.env["POOL_MAX"]) }, async () => {
    const client = new Client();
    client.on("error", () => {});
    await client.connect();
    await client.query("SELECT 1");
    return client;
  }),
);
process.stdout.write("open\n");
while (process.env["LIVELY"] === "true") {
  for (const client of clients) await client.query("SELECT 1");
  await sleep(100);
}
