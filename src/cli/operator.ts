import { hostname } from "node:os";
import { once } from "node:events";
import { Command, InvalidArgumentError, Option } from "commander";
import { OPERATOR_NAME, OPERATOR_NAMESPACE, OPERATOR_PORT } from "../api/names.ts";
import { EXIT, Failure, withCluster, type Shell } from "./shell.ts";

interface OperatorCommandOptions {
  readonly namespace?: string;
  readonly port: number;
  readonly logLevel: string;
}

const PORT_MAX = 65_535;

/** `weir operator`: says in a live cluster, all the time, whether the sums hold. */
export function operatorCommand(shell: Shell): Command {
  return new Command("operator")
    .description("watch a cluster, and say in statuses, events and metrics whether the sums hold")
    .option("--namespace <name>", "watch this namespace only (default: all)")
    .addOption(
      new Option("--port <port>", "port of /metrics, /livez and /readyz")
        .argParser(portNumber)
        .default(OPERATOR_PORT),
    )
    .addOption(
      new Option("--log-level <level>", "level of the JSON lines on standard error")
        .choices(["debug", "info", "warn", "error"])
        .default("info"),
    )
    .action((options: OperatorCommandOptions) => operate(options, shell));
}

async function operate(options: OperatorCommandOptions, shell: Shell): Promise<void> {
  // A signal that arrives during the start also stops the operator.
  const asked = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  const [{ pino }, { startOperator }, { systemNetwork }] = await Promise.all([
    import("pino"),
    import("../operator/operator.ts"),
    import("../observe/network.ts"),
  ]);
  const { env, err, runtime } = shell;
  const log = pino(
    {
      level: options.logLevel,
      timestamp: () => `,"time":${runtime.epochMs()}`,
      // Nothing of the kind is logged; should it ever be, it is not shown.
      redact: ["password", "*.password", "login", "*.login", "token", "*.token"],
    },
    { write: err },
  );
  try {
    await withCluster(shell, "weir operator", async (client) => {
      const operator = await startOperator({
        client,
        network: systemNetwork(runtime),
        runtime,
        log,
        ...(options.namespace !== undefined && { namespace: options.namespace }),
        port: options.port,
        lease: { namespace: env["POD_NAMESPACE"] ?? OPERATOR_NAMESPACE, name: OPERATOR_NAME },
        candidate: env["POD_NAME"] ?? hostname(),
      });
      await asked;
      log.info("stops");
      await operator.stop();
    });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
      const remedy = "choose another by --port";
      throw new Failure(EXIT.failed, `weir operator: port ${options.port} is taken: ${remedy}`);
    }
    throw error;
  }
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= PORT_MAX) return port;
  throw new InvalidArgumentError(`must be a port, from 0 (any that is free) to ${PORT_MAX}`);
}
