import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { getRequestListener } from "@hono/node-server";
import { pino } from "pino";
import { app } from "./app.ts";
import { calls } from "./calls.ts";
import { watch } from "./checking.ts";
import { conformanceExtra } from "./conformance/extra.ts";
import { memoryEventStore } from "./conformance/memoryEventStore.ts";
import { openDatabase } from "./database.ts";
import { drain } from "./drain.ts";
import { exchanges } from "./exchanges.ts";
import { mcpServers } from "./mcpServers.ts";
import { metrics } from "./metrics.ts";
import { readSettings, type ProgramSettings } from "./settings.ts";

/**
 * How long a connection stays open without a request. Node's five seconds are less than a client may
 * be busy with what it was answered: it would send its next call where nobody listens any more.
 */
const KEEP_ALIVE_MS = 75_000;

const log = pino({ base: null });
const nowMs = () => performance.now();

try {
  serve(readSettings(process.env));
} catch (error) {
  log.fatal(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}

/** Starts the servers that this process is, and has SIGTERM end them in order. */
function serve({ active, port, mcpPath, conformance }: ProgramSettings): void {
  const names = active.map(({ name }) => name);
  const watched = watch(nowMs);
  const database = openDatabase(watched.note);
  const measured = metrics(database.state);
  const answered = calls(measured, log);
  let isDraining = false;
  const http = app({
    mcpPath,
    metrics: measured,
    newServer: mcpServers(
      active,
      { database, active: names },
      answered.answer,
      conformance ? conformanceExtra : undefined,
    ),
    eventStore: conformance ? memoryEventStore() : undefined,
    readiness: () =>
      isDraining ? { ready: false, reason: "the process is ending" } : watched.verdict(),
  });
  const listener = getRequestListener(http.fetch);
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => void listener(request, response),
  );
  const requests = exchanges(server, nowMs);

  server.listen(port, () => {
    log.info({ servers: names, address: server.address(), mcpPath }, "listening");
    watched.start(database);
  });
  server.on("error", (error) => {
    log.fatal(`PORT ${port}: ${error.message}`);
    process.exit(1);
  });
  process.once("SIGTERM", () => {
    isDraining = true;
    log.info({ requests: requests.inFlight() }, "draining");
    void drain({
      server,
      requests,
      callsInFlight: answered.inFlight,
      nowMs,
      sleep,
      close: async () => {
        watched.stop();
        await http.close();
        await database.end();
      },
    }).then(
      () => {
        log.info("ended");
        process.exit(0);
      },
      (error: Error) => {
        log.error(error.message);
        process.exit(1);
      },
    );
  });
}
