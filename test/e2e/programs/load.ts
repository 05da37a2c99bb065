// Runs in a pod as: load.ts PORT
//
// A bounded client of many servers. A CallLoad that is posted to it replaces the one before; asked, it
// gives a LoadReport.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

import {
  Client,
  StreamableHTTPClientTransport,
  type FetchLike,
} from "@modelcontextprotocol/client";
import { Agent, fetch as undiciFetch } from "undici";

/** What is called. */
export interface CallLoad {
  readonly targets: readonly LoadTarget[];
}

interface LoadTarget {
  readonly server: string;
  readonly url: string;
  /** Called in turn. */
  readonly tools: readonly { readonly name: string; readonly args: Record<string, unknown> }[];
  /** Calls at once, in each burst. */
  readonly width: number;
  /** Between two bursts. */
  readonly pauseMs: number;
}

export interface LoadFailure {
  readonly server: string;
  readonly at: string;
  readonly text: string;
}

/** What ended, from the beginning. */
export interface LoadReport {
  /** Servers that are called. */
  readonly called: readonly string[];
  readonly answered: Readonly<Record<string, number>>;
  readonly failures: readonly LoadFailure[];
  /** CPU that this program has taken. */
  readonly cpuSeconds: number;
}

/** Of one client and its connections: then others are opened, which may lead to other pods. */
const BURSTS_MAX = 3;
const NAME = { name: "weir-e2e-load", version: "0.1.0" };
const MODERN = { versionNegotiation: { mode: { pin: "2026-07-28" } } } as const;

let load: CallLoad = { targets: [] };
const answered: Record<string, number> = {};
const failures: LoadFailure[] = [];
const running = new Map<string, Promise<void>>();

/** Calls one server until it is no target any more. */
async function call(server: string): Promise<void> {
  for (;;) {
    const target = load.targets.find((each) => each.server === server);
    if (target === undefined) return;
    await note(server, () => withClient(target, (client) => bursts(client, target)));
  }
}

async function bursts(client: Client, target: LoadTarget): Promise<void> {
  const { server, tools, width, pauseMs } = target;
  for (let burst = 0; burst < BURSTS_MAX; burst++) {
    const calls = Array.from({ length: width }, (_, index) =>
      note(server, async () => {
        const tool = tools[(burst + index) % tools.length];
        if (tool === undefined) return;
        const result = await client.callTool({ name: tool.name, arguments: tool.args });
        if (result.isError === true) throw new Error(JSON.stringify(result.content));
        answered[server] = (answered[server] ?? 0) + 1;
      }),
    );
    await Promise.all(calls);
    await sleep(pauseMs);
  }
}

async function withClient(
  { url }: LoadTarget,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const agent = new Agent();
  const client = new Client(NAME, MODERN);
  try {
    await client.connect(
      new StreamableHTTPClientTransport(new URL(url), { fetch: fetchOver(agent) }),
    );
    await work(client);
  } finally {
    await client.close();
    await agent.destroy();
  }
}

/** Over connections that end with their client. */
function fetchOver(dispatcher: Agent): FetchLike {
  return async (url, { method = "GET", headers, body, signal } = {}) => {
    const answer = await undiciFetch(url, {
      method,
      headers: [...new Headers(headers)],
      body: typeof body === "string" ? body : null,
      signal: signal ?? null,
      dispatcher,
    });
    // undici's own fetch has a Response of its own, too.
    const { status, statusText } = answer;
    return new Response(answer.body, { status, statusText, headers: [...answer.headers] });
  };
}

async function note(server: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    failures.push({ server, at: new Date().toISOString(), text: textOf(error) });
    await sleep(100);
  }
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? `${String(error.code)} ` : "";
  const cause = error.cause === undefined ? "" : `: ${textOf(error.cause)}`;
  return `${code}${error.message}${cause}`;
}

function begin(next: CallLoad): void {
  load = next;
  for (const { server } of load.targets) {
    if (running.has(server)) continue;
    running.set(
      server,
      call(server).finally(() => running.delete(server)),
    );
  }
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === "POST") begin(JSON.parse(await text(request)));
  const { user, system } = process.cpuUsage();
  const cpuSeconds = (user + system) / 1e6;
  const report: LoadReport = { called: [...running.keys()], answered, failures, cpuSeconds };
  response.end(JSON.stringify(report));
}

createServer((request, response) => void serve(request, response)).listen(Number(process.argv[2]));
process.once("SIGTERM", () => process.exit());
