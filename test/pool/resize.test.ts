import { pool, type Pool } from "@weir-dev/pool";
import type { PoolClient } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";

import { limitFolder } from "./limitFolder.ts";
import { startOneLine, type OneLine } from "./oneLine.ts";
import { quietLog } from "./quietLog.ts";
import { logMeasured } from "../measured.ts";

let line: OneLine;
let db: Pool;

beforeAll(async () => {
  line = await startOneLine();
});
afterAll(() => line.stop());
afterEach(() => db.end());

async function checkOut(count: number): Promise<PoolClient[]> {
  return Promise.all(Array.from({ length: count }, () => db.connect()));
}

async function acknowledged(): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${await db.port()}/limit`);
  return answer.json();
}

describe("a pool whose limit file is changed as the kubelet does it", () => {
  it("grows at once, shrinks for real, and acknowledges both", async () => {
    const file = await limitFolder("2");
    const { log } = quietLog();
    const { connection } = line;
    db = pool({ connection, max: 9, limitFile: file.path, port: 0, connectionTimeoutMs: 0, log });
    expect(db.state().limit).toBe(2);

    const asked = Array.from({ length: 5 }, () => db.connect());
    await expect.poll(db.state).toMatchObject({ open: 2, inUse: 2, waiting: 3 });
    const written = performance.now();
    await file.write("5");
    const held = await Promise.all(asked);
    const tookMs = Math.round(performance.now() - written);
    logMeasured(`a raised limit is used after ${tookMs} ms`);
    expect(await acknowledged()).toEqual({ limit: 5, open: 5, pid: process.pid });
    expect(await line.clients()).toBe(5);

    // Two are idle, three are in use: the idle ones go at once, the others when they are released.
    for (const client of held.splice(0, 2)) client.release();
    await file.write("1");
    await expect.poll(acknowledged).toEqual({ limit: 1, open: 3, pid: process.pid });
    await expect.poll(line.clients).toBe(3);
    for (const [index, client] of held.entries()) {
      client.release();
      await expect.poll(db.state).toMatchObject({ open: Math.max(1, 2 - index) });
    }
    await expect.poll(line.clients).toBe(1);
    expect(db.state()).toEqual({ limit: 1, open: 1, idle: 1, inUse: 0, waiting: 0 });
  });

  it("waits above its limit until enough is given back", async () => {
    const file = await limitFolder("3");
    const { log } = quietLog();
    const { connection } = line;
    db = pool({ connection, limitFile: file.path, serve: false, connectionTimeoutMs: 0, log });
    const [first, second, third] = await checkOut(3);
    await file.write("1");
    await expect.poll(db.state).toMatchObject({ limit: 1, open: 3 });
    let isServed = false;
    const fourth = db.connect().finally(() => {
      isServed = true;
    });
    first?.release();
    second?.release();
    await expect.poll(db.state).toMatchObject({ open: 1, inUse: 1, waiting: 1 });
    expect(isServed).toBe(false);
    third?.release();
    (await fourth).release();
    expect(db.state()).toMatchObject({ limit: 1, open: 1 });
  });

  it("keeps what it believed when the file says nonsense, and says so once", async () => {
    const file = await limitFolder("4");
    const { lines, log } = quietLog();
    db = pool({ connection: line.connection, limitFile: file.path, serve: false, log });
    for (const nonsense of ["", "0", "-1", "1e3", "many"]) {
      const before = lines.length;
      await file.write(nonsense);
      await expect.poll(() => lines.length).toBe(before + 1);
      expect(lines.at(-1)).toMatchObject({ level: "warn", file: file.path, found: nonsense });
      expect(db.state().limit).toBe(4);
    }
    await file.write("6\n");
    await expect.poll(db.state).toMatchObject({ limit: 6 });
    expect(lines.at(-1)).toMatchObject({ level: "info", from: 4, limit: 6 });
  });

  it("is reported by the folder's watch, before it looks by itself", async () => {
    const file = await limitFolder("4");
    const { log } = quietLog();
    vi.useFakeTimers({ toFake: ["setInterval"] });
    try {
      db = pool({ connection: line.connection, limitFile: file.path, serve: false, log });
    } finally {
      vi.useRealTimers();
    }
    for (const limit of [5, 6, 1]) {
      await file.write(String(limit));
      await expect.poll(() => db.state().limit).toBe(limit);
    }
  });

  it("follows a file in a folder that is not there at first, and can't be watched", async () => {
    const file = await limitFolder();
    const { log } = quietLog();
    db = pool({ connection: line.connection, max: 3, limitFile: file.path, serve: false, log });
    expect(db.state().limit).toBe(3);
    await file.write("7");
    await expect.poll(db.state).toMatchObject({ limit: 7 });
    await file.write("2");
    await expect.poll(db.state).toMatchObject({ limit: 2 });
  });
});
