import { Command, InvalidArgumentError, Option } from "commander";
import type { Diagnosis } from "../diagnose/causes/diagnosis.ts";
import type { ClusterQuestion } from "../diagnose/gather/readCluster.ts";
import { ANSWER_TIMEOUT_MS } from "../diagnose/gather/source.ts";
import { diagnosisReport, unavailableBlock, uncertaintyOf } from "../report/diagnosisReport.ts";
import { pageFor } from "../text/paint.ts";
import { productsOf } from "./products.ts";
import { badInput, EXIT, Failure, json, outputOption, type Shell } from "./shell.ts";

interface DiagnoseOptions {
  readonly pgbouncer: readonly string[];
  readonly postgres?: string;
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly compose?: string;
  /** Seconds. */
  readonly for: number;
  readonly output: "table" | "json";
}

const WINDOW_S = { default: 3, min: 1, max: 300 };
const INTERVAL_MS = 250;

/** `weir diagnose`: what is wrong in a system that runs, and who holds what. */
export function diagnoseCommand(shell: Shell): Command {
  return new Command("diagnose")
    .description("who holds the connections of a running PgBouncer, and what is wrong")
    .option(
      "--pgbouncer <url...>",
      "a PgBouncer's console: postgres://LOGIN@HOST:6432/pgbouncer, or ?host=/FOLDER of its socket; once for each process; without password: PGPASSWORD, .pgpass",
      [],
    )
    .option("--postgres <url>", "URL of the Postgres behind PgBouncer; its login needs pg_monitor")
    .addOption(
      new Option(
        "--namespace <name>",
        "servers and pods of this namespace of the cluster",
      ).conflicts("allNamespaces"),
    )
    .option("--all-namespaces", "servers and pods of the whole cluster")
    .option("--compose <file>", "servers and containers of a docker compose project")
    .addOption(
      new Option("--for <seconds>", "how many seconds to watch")
        .argParser(windowSeconds)
        .default(WINDOW_S.default),
    )
    .addOption(outputOption("table", "json"))
    .action((options: DiagnoseOptions) => diagnose(options, shell));
}

async function diagnose(options: DiagnoseOptions, shell: Shell): Promise<void> {
  // node-postgres warns users with a .pgpass that a later version will not read it.
  process.noDeprecation = true;
  // Loaded when it is needed: what talks to databases and clusters takes longer than other commands.
  const [{ gatherLive }, { BadUrl }, { BadCompose }, { diagnose: causesOf }] = await Promise.all([
    import("../diagnose/gather/gatherLive.ts"),
    import("../postgres/loginUrl.ts"),
    import("../verify/compose/composeValue.ts"),
    import("../diagnose/diagnose.ts"),
  ]);
  const cluster = clusterOf(options, shell);
  if (options.pgbouncer.length === 0) throw await withoutPgbouncer(cluster, shell);
  try {
    const live = await gatherLive(
      {
        pgbouncers: options.pgbouncer,
        ...(options.postgres !== undefined && { postgres: options.postgres }),
        ...(cluster !== undefined && { cluster }),
        ...(options.compose !== undefined && { compose: options.compose }),
        windowMs: options.for * 1000,
        intervalMs: INTERVAL_MS,
      },
      {
        ...shell,
        products: productsOf(shell),
        onWait: (what) =>
          shell.err(
            `weir diagnose: waits for ${what}, up to ${ANSWER_TIMEOUT_MS / 1000} s an answer\n`,
          ),
      },
    );
    print(causesOf(live), options, shell);
  } catch (error) {
    if (error instanceof BadUrl || error instanceof BadCompose) {
      throw badInput(`weir diagnose: ${error.message}`);
    }
    throw error;
  }
}

/** The cluster is asked where it is named, where KUBECONFIG is set, and from within one. */
function clusterOf(
  { namespace, allNamespaces, compose }: DiagnoseOptions,
  { env }: Shell,
): ClusterQuestion | undefined {
  if (allNamespaces) return { all: true };
  if (namespace !== undefined) return { namespace };
  if (compose !== undefined) return undefined;
  return env["KUBECONFIG"] || env["KUBERNETES_SERVICE_HOST"] ? {} : undefined;
}

/** Says which URL to give; in a cluster, of the PgBouncers that are found there. */
async function withoutPgbouncer(
  cluster: ClusterQuestion | undefined,
  shell: Shell,
): Promise<Failure> {
  const [{ readCluster }, { consoleRoutes }] = await Promise.all([
    import("../diagnose/gather/readCluster.ts"),
    import("../diagnose/gather/findPgBouncers.ts"),
  ]);
  const { objects, unavailable } =
    cluster === undefined ? { objects: [], unavailable: [] } : await readCluster(cluster, shell);
  const routes = consoleRoutes(objects);
  const found = routes.length === 0 ? "" : "\n  in the cluster there are these, each to be asked:";
  // Each kind that is asked for may fail with the same reason.
  const reasons = new Set(unavailable.map(({ why }) => why));
  return badInput(
    [
      `${NO_PGBOUNCER}${found}`,
      ...routes.map((route) => `  ${route}`),
      ...[...reasons].map((why) => `  the cluster could not be asked for PgBouncers: ${why}`),
    ].join("\n"),
  );
}

const NO_PGBOUNCER = `weir diagnose: no PgBouncer: give --pgbouncer postgres://LOGIN@HOST:6432/pgbouncer
  LOGIN is one of its stats_users or admin_users; weir's own PgBouncers have weir_stats`;

function print(diagnosis: Diagnosis, { output }: DiagnoseOptions, shell: Shell): void {
  const { causes, poolers, unavailable } = diagnosis;
  if (output === "json") shell.out(json(diagnosis));
  if (poolers.length === 0) {
    const lines = unavailableBlock(unavailable, pageFor({ ...shell, colour: false })).slice(1);
    throw new Failure(
      EXIT.failed,
      ["weir diagnose: no PgBouncer could be asked", ...(output === "json" ? [] : lines)].join(
        "\n",
      ),
    );
  }
  if (output === "table") shell.out(diagnosisReport(diagnosis, shell));
  if (causes.length > 0) {
    const kinds = [...new Set(causes.map(({ kind }) => kind))].join(", ");
    throw new Failure(EXIT.cannotFit, `weir diagnose: found ${kinds}`);
  }
  const uncertainty = uncertaintyOf(diagnosis);
  if (uncertainty !== undefined) {
    throw new Failure(EXIT.cannotTell, `weir diagnose: ${uncertainty}`);
  }
}

function windowSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && seconds >= WINDOW_S.min && seconds <= WINDOW_S.max) return seconds;
  throw new InvalidArgumentError(`must be seconds, from ${WINDOW_S.min} to ${WINDOW_S.max}`);
}
