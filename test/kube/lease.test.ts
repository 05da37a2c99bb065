import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { KubeClient } from "../../src/kube/client.ts";
import { isMapping } from "../../src/json/fields.ts";
import { KubeError } from "../../src/kube/refusal.ts";
import { startCandidacy, type Candidacy, type LeaderTerm } from "../../src/kube/lease.ts";
import {
  API_SERVER_START_TIMEOUT_MS,
  startApiServer,
  type ApiServer,
} from "../cluster/apiServer.ts";
import { startProcess, type RunningProcess } from "../../tools/processes/processes.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { virtualRuntime, type VirtualRuntime } from "../runtime/virtualRuntime.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";
import { kubeClientOf } from "../cluster/kubeClient.ts";

const LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
const LEASE = { namespace: "default", name: "weir" };

let server: ApiServer;
let client: KubeClient;

beforeAll(async () => {
  server = await startApiServer();
  client = kubeClientOf(server);
}, API_SERVER_START_TIMEOUT_MS);

afterEach(async () => {
  await client.request({ method: "DELETE", path: `${LEASES}/weir` });
});

afterAll(async () => {
  await client.close();
  await server.stop();
});

async function spec(): Promise<Record<string, unknown>> {
  const { body } = await client.get(`${LEASES}/weir`);
  return isMapping(body) && isMapping(body["spec"]) ? body["spec"] : {};
}

/** What another kind of candidate would write. */
function foreign(renewTime: string) {
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { ...LEASE, labels: { owner: "another" } },
    spec: { holderIdentity: "another", leaseDurationSeconds: 60, renewTime, leaseTransitions: 7 },
  };
}

async function make(renewTime: string): Promise<void> {
  const { status } = await client.request({
    method: "POST",
    path: LEASES,
    body: foreign(renewTime),
  });
  if (status !== 201) throw new Error(`the Lease was not made: HTTP ${status}`);
}

async function change(renewTime: string): Promise<void> {
  const { status } = await client.request({
    method: "PATCH",
    path: `${LEASES}/weir`,
    contentType: "application/merge-patch+json",
    body: foreign(renewTime),
  });
  if (status !== 200) throw new Error(`the Lease was not changed: HTTP ${status}`);
}

function noted(order: string[]) {
  return (error: unknown) => {
    order.push(String(error));
  };
}

/** Without what was asked in vain, three times at most: a pause misses answers. It is asked again. */
function loggedBy({ log }: RunningProcess): string {
  return [1, 2, 3].reduce((told) => told.replace(/^error: .*\n/m, ""), log());
}

describe("processes", { timeout: 900_000 }, () => {
  const running: RunningProcess[] = [];
  let actsPath: string;

  /** The first of them leads before the other begins. */
  async function candidates(times: object): Promise<readonly [RunningProcess, RunningProcess]> {
    actsPath = join(await scratchDir("lease"), "acts");
    const a = await candidate("a", times);
    await expect.poll(leaders, poll).toEqual(["a"]);
    return [a, await candidate("b", times)];
  }

  async function candidate(name: string, times: object): Promise<RunningProcess> {
    const program = join(import.meta.dirname, "leaseCandidate.ts");
    const started = await startProcess({
      command: process.execPath,
      args: [program, name, actsPath, JSON.stringify(times)],
      env: { KUBECONFIG: server.kubeconfigPath },
    });
    running.push(started);
    return started;
  }

  /** Who acted, in the order of the acts, each time one took over from another. */
  async function leaders(): Promise<readonly string[]> {
    const acts = (await readFile(actsPath, "utf8").catch(() => "")).split("\n").slice(0, -1);
    return acts.filter((name, index) => name !== acts[index - 1]);
  }

  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop("SIGKILL")));
  });

  /** Short to wait for, and long beside a renewal on a busy machine. */
  const SHORT = { leaseDurationMs: 10_000, renewDeadlineMs: 8000, retryMs: 300 };
  const poll = { timeout: 240_000 };

  test("a leader that was paused does not act any more when it wakes", async () => {
    const [a, b] = await candidates(SHORT);
    await expect.poll(async () => (await spec())["holderIdentity"]).toMatch(/^a_/);
    a.signal("SIGUSR2");
    await expect.poll(leaders, poll).toEqual(["a", "b"]);
    a.signal("SIGCONT");
    const lost = "lost: the lease could not be renewed for 8 s";
    await expect.poll(() => loggedBy(a)).toMatch(new RegExp(`^leads\npauses\n${lost}\n`));
    b.signal("SIGUSR2");
    await expect.poll(leaders, poll).toEqual(["a", "b", "a"]);
    b.signal("SIGCONT");
    await expect.poll(() => b.log()).toContain("lost: ");

    expect(await leaders()).toEqual(["a", "b", "a"]);
    expect(await spec()).toMatchObject({ leaseTransitions: 2, leaseDurationSeconds: 10 });
  });

  test("after a leader that was killed another one leads", async () => {
    const [a] = await candidates(SHORT);
    a.signal("SIGKILL");
    await expect.poll(leaders, poll).toEqual(["a", "b"]);
  });

  test("a leader that stops lets go of the lease: nobody waits for an hour", async () => {
    const [a] = await candidates({ leaseDurationMs: 3_600_000, retryMs: 300 });
    a.signal("SIGTERM");
    await expect.poll(leaders, poll).toEqual(["a", "b"]);

    await expect.poll(() => loggedBy(a)).toBe("leads\nlost: it was stopped\n");
    expect(await spec()).toMatchObject({ leaseTransitions: 1 });
  });
});

describe("by the candidate's own clock", () => {
  /** A candidate whose time stands still while it talks to the API server. */
  interface Bench {
    readonly candidacy: Candidacy;
    readonly runtime: VirtualRuntime;
    /** Passes in steps, and waits for the answers of each. */
    readonly pass: (durationMs: number) => Promise<void>;
    readonly told: string[];
    readonly term: () => LeaderTerm | undefined;
    /** From now on what it asks is: answered, refused by nobody there, or done but unanswered. */
    readonly line: { state: "well" | "cut" | "deaf"; writesWaitFor?: () => Promise<void> };
  }

  let bench: Bench | undefined;

  function start(): Bench {
    const runtime = virtualRuntime();
    const told: string[] = [];
    let term: LeaderTerm | undefined;
    let underWay = 0;
    const line: Bench["line"] = { state: "well" };
    const request: KubeClient["request"] = async (asked) => {
      underWay += 1;
      try {
        if (asked.method !== "GET") await line.writesWaitFor?.();
        if (line.state === "cut") throw new KubeError("can't reach it");
        const answer = await client.request(asked);
        if (line.state === "deaf") throw new KubeError("no answer came");
        return answer;
      } finally {
        underWay -= 1;
      }
    };
    const candidacy = startCandidacy({
      client: { ...client, request },
      lease: LEASE,
      candidate: "weir-0",
      runtime,
      onLead: (begun) => {
        term = begun;
        told.push("leads");
      },
      onLost: (reason) => {
        told.push(`lost: ${reason}`);
      },
      onError: noted(told),
    });
    const answered = async () => {
      await runtime.pass(0);
      await expect.poll(() => underWay, { interval: 2 }).toBe(0);
      await runtime.pass(0);
      if (underWay > 0) await answered();
    };
    const pass = async (durationMs: number) => {
      await answered();
      for (let leftMs = durationMs; leftMs > 0; leftMs -= 500) {
        await runtime.pass(Math.min(500, leftMs));
        await answered();
      }
    };
    bench = { candidacy, runtime, pass, told, term: () => term, line };
    return bench;
  }

  afterEach(async () => {
    await bench?.candidacy.stop();
    if (bench?.runtime.waiting() !== 0) throw new Error("it still waits for something");
    bench = undefined;
  });

  test("where there is no lease it leads at once, and says so in the Lease", async () => {
    const { candidacy, pass, told, term } = start();
    await pass(0);
    expect(told).toEqual(["leads"]);
    expect(term()?.stillLeading()).toBe(true);
    const first = await spec();
    expect(first).toEqual({
      holderIdentity: candidacy.identity,
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
      acquireTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      renewTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    });
    expect(candidacy.identity).toMatch(/^weir-0_[-0-9a-f]{36}$/);

    await pass(100_000);
    expect(told).toEqual(["leads"]);
    const { renewTime, ...others } = await spec();
    expect(renewTime).not.toBe(first["renewTime"]);
    expect(others).toEqual({ ...first, renewTime: undefined });
  });

  test.each(["2000-01-01T00:00:00.000000Z", "2100-01-01T00:00:00.000000Z"])(
    "a lease that says it was renewed in %s is taken when nothing was observed for its duration",
    async (renewTime) => {
      await make(renewTime);
      const { candidacy, pass, told } = start();
      await pass(50_000);
      await change("2050-01-01T00:00:00.000000Z");
      await pass(59_000);
      expect(told).toEqual([]);
      await pass(6000);

      expect(told).toEqual(["leads"]);
      expect(await spec()).toMatchObject({
        holderIdentity: candidacy.identity,
        leaseDurationSeconds: 15,
        leaseTransitions: 8,
      });
      expect((await client.get(`${LEASES}/weir`)).body).toMatchObject({
        metadata: { labels: { owner: "another" } },
      });
    },
  );

  test("a leader that can't renew steps down by its deadline, and leads again in a new term", async () => {
    const { runtime, pass, told, term, line } = start();
    await pass(20_000);
    const first = term();
    line.state = "cut";
    await pass(7500);
    expect(first?.stillLeading()).toBe(true);
    await pass(2500);
    expect(first?.stillLeading()).toBe(false);
    expect(told.filter((each) => !each.startsWith("KubeError"))).toEqual([
      "leads",
      "lost: the lease could not be renewed for 10 s",
    ]);
    expect(told).toContain("KubeError: can't reach it");

    line.state = "well";
    await pass(2000);
    expect(told.at(-1)).toBe("leads");
    expect(term()?.stillLeading()).toBe(true);
    expect(first?.stillLeading()).toBe(false);
    expect(runtime.waiting()).toBeGreaterThan(0);
  });

  test("a term is counted from before the lease was asked for", async () => {
    const { runtime, pass, told, term, line } = start();
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    line.writesWaitFor = async () => {
      asked.resolve();
      await answer.promise;
    };
    await asked.promise;
    await runtime.pass(4000);
    answer.resolve();
    await pass(0);
    expect(told).toEqual(["leads"]);

    line.state = "cut";
    await pass(5500);
    expect(term()?.stillLeading()).toBe(true);
    await pass(1000);
    expect(term()?.stillLeading()).toBe(false);
    line.state = "well";
  });

  test("renewals that were done, but not answered, are no loss when the answers come again", async () => {
    const { pass, told, term, line } = start();
    await pass(4000);
    line.state = "deaf";
    await pass(4500);
    line.state = "well";
    await pass(60_000);

    expect(told.filter((each) => !each.startsWith("KubeError"))).toEqual(["leads"]);
    expect(told).toContain("KubeError: no answer came");
    expect(term()?.stillLeading()).toBe(true);
  });

  test("unanswered renewals do not count", async () => {
    const { pass, told, line } = start();
    await pass(4000);
    line.state = "deaf";
    await pass(10_500);

    expect(told).toContain("lost: the lease could not be renewed for 10 s");
    line.state = "well";
    await pass(2500);
  });

  test("a leader whose Lease was given to another steps down with its next renewal", async () => {
    const { pass, told, term } = start();
    await pass(1000);
    await change("2000-01-01T00:00:00.000000Z");
    await pass(2000);

    expect(told).toEqual(["leads", "lost: the lease is held by another"]);
    expect(term()?.stillLeading()).toBe(false);
  });

  test("a leader whose Lease was deleted steps down, and makes a new one", async () => {
    const { pass, told } = start();
    await pass(1000);
    await client.request({ method: "DELETE", path: `${LEASES}/weir` });
    await pass(5000);

    expect(told).toEqual(["leads", "lost: the lease is held by nobody", "leads"]);
  });

  test("one that does not lead leaves the lease alone when it stops", async () => {
    await make("2000-01-01T00:00:00.000000Z");
    const { candidacy, pass, told } = start();
    await pass(5000);
    await candidacy.stop();

    expect(await spec()).toMatchObject({ holderIdentity: "another" });
    expect(told).toEqual([]);
  });
});

test("what the term's work still does is waited for before the lease is let go of", async () => {
  const errors: string[] = [];
  const led = Promise.withResolvers<void>();
  const worked = Promise.withResolvers<void>();
  const candidacy = startCandidacy({
    client,
    runtime: systemRuntime,
    lease: LEASE,
    candidate: "weir-0",
    onLead: () => led.resolve(),
    onLost: () => worked.promise,
    onError: noted(errors),
  });
  await led.promise;
  const stopping = candidacy.stop();
  await sleep(300);
  expect(await spec()).toMatchObject({ holderIdentity: candidacy.identity });
  worked.resolve();
  await stopping;

  expect(await spec()).not.toHaveProperty("holderIdentity");
  expect(errors).toEqual([]);
});

test.each([
  [{ leaseDurationMs: 10_000 }, "more than renewDeadlineMs"],
  [{ leaseDurationMs: 15_500 }, "whole seconds"],
  [{ retryMs: 10_000 }, "renewDeadlineMs must be more than retryMs"],
])("times that do not fit together are refused: %j", (times, words) => {
  const options = { client, runtime: systemRuntime, lease: LEASE, candidate: "a", ...times };
  const told = { onLead: () => {}, onLost: () => {}, onError: () => {} };
  expect(() => startCandidacy({ ...options, ...told })).toThrow(words);
});
