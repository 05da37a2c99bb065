import { CONSOLE_DATABASE, PGBOUNCER_PORT, POSTGRES_PORT } from "../../api/names.ts";
import { THRESHOLDS } from "../causes/thresholds.ts";
import { addressesOf, clientsIn } from "../causes/window.ts";
import type { LiveSystem } from "../../model/liveSystem.ts";
import type { UnavailablePart } from "../../model/observation.ts";
import { eachProcessOnce, openPgBouncer } from "./askPgBouncer.ts";
import { failureOf, type ConnectionAttempt } from "../../postgres/failures.ts";
import { BadUrl, parseLoginUrl, type LoginUrl } from "../../postgres/loginUrl.ts";
import { postgresSource } from "./askPostgres.ts";
import type { Source } from "./source.ts";
import { readCluster, type ClusterAnswer, type ClusterQuestion } from "./readCluster.ts";
import { readComposeProject, type ComposeWorld } from "./readComposeProject.ts";
import { unreachableAddresses } from "./unreachable.ts";
import { sleep, type Runtime } from "../../runtime/runtime.ts";
import { liveWorkloads } from "./workloads.ts";

/** The programs to ask, and for how long. */
export interface LiveQuestion {
  /** URLs of consoles: `postgres://weir_stats@10.0.0.7:6432/pgbouncer`. */
  readonly pgbouncers: readonly string[];
  readonly postgres?: string;
  /** Absent: none is asked. */
  readonly cluster?: ClusterQuestion;
  /** A compose file; absent: none is read. */
  readonly compose?: string;
  readonly windowMs: number;
  /** From the beginning of one sample to that of the next. */
  readonly intervalMs: number;
}

/** What gathering needs of the world beside the network. */
interface LiveWorld extends ComposeWorld {
  /** Called once for each slow answer, with its source: `PgBouncer 10.0.0.7:6432`. */
  readonly onWait: (what: string) => void;
}

/** How long an answer may take before a person who waits for it wants to know why. */
const SILENT_MS_MAX = 2000;

/**
 * Asks a running system what it has open, several times over a window: every PgBouncer and
 * Postgres at the same moments. What can't be asked is in `unavailable`, with why and what to do; two
 * samples are taken at least, however short the window.
 *
 * @throws BadUrl for a URL that can't be used, BadCompose for such a compose file; no password is in
 *   their messages
 */
export async function gatherLive(question: LiveQuestion, world: LiveWorld): Promise<LiveSystem> {
  const consoles = question.pgbouncers.map((url) => consoleLogin(url, world));
  const database =
    question.postgres === undefined
      ? undefined
      : loginOf("--postgres", question.postgres, POSTGRES_PORT, world);

  const askDocker =
    question.compose === undefined ? undefined : readComposeProject(question.compose, world);

  const [asked, postgres] = await Promise.all([
    Promise.all(consoles.map((login) => opened("PgBouncer", login, openPgBouncer, world))),
    database === undefined ? NO_POSTGRES : opened("Postgres", database, postgresSource, world),
  ]);
  const sources = [...asked, postgres].filter((each) => "source" in each);
  let cluster: ClusterAnswer | undefined;
  try {
    [cluster] = await Promise.all([
      question.cluster && readCluster(question.cluster, world),
      takeSamples(sources, question, world),
    ]);
  } finally {
    await Promise.all(sources.map(({ source }) => source.close()));
  }

  const answers = asked.map(answerOf);
  const answer = answerOf(postgres);
  const { pgbouncers, repeated } = eachProcessOnce(answers.flatMap(({ value }) => value ?? []));
  const clientAddresses = addressesOf(clientsIn(pgbouncers));
  const unreachable = await unreachableAddresses(
    pgbouncers,
    THRESHOLDS.ghostSilentMs,
    world.runtime,
  );
  const project = await askDocker?.(clientAddresses);
  const workloads = [
    ...(cluster?.hasPods
      ? liveWorkloads(cluster.objects, cluster.isWhole, clientAddresses, world.products)
      : []),
    ...(project?.workloads ?? []),
  ];
  return {
    pgbouncers,
    ...(unreachable !== undefined && { unreachableAddresses: unreachable }),
    ...(answer.value !== undefined && { postgres: answer.value }),
    ...((cluster?.hasPods || project !== undefined) && { workloads }),
    unavailable: [...answers, { unavailable: repeated }, answer, cluster, project].flatMap(
      (each) => each?.unavailable ?? [],
    ),
  };
}

const NO_POSTGRES: UnavailablePart = {
  what: "Postgres",
  why: "no URL of it was given",
  next: "--postgres postgres://LOGIN@HOST:5432/DATABASE, of a login with pg_monitor",
};

function consoleLogin(url: string, world: LiveWorld): LoginUrl {
  const login = loginOf("--pgbouncer", url, PGBOUNCER_PORT, world);
  const { database = CONSOLE_DATABASE, address } = login;
  if (database === CONSOLE_DATABASE) return login;
  throw new BadUrl(
    `--pgbouncer: ${address}/${database}: the database must be ${CONSOLE_DATABASE}, PgBouncer's own console`,
  );
}

function loginOf(option: string, url: string, portDefault: number, { env }: LiveWorld): LoginUrl {
  try {
    return parseLoginUrl(url, portDefault, env);
  } catch (error) {
    throw error instanceof BadUrl ? new BadUrl(`${option}: ${error.message}`) : error;
  }
}

/** A server that let weir in. */
interface Opened<S> extends ConnectionAttempt {
  readonly source: S;
  /** Set as soon as it stops answering. */
  failed?: UnavailablePart;
}

function failedPart(attempt: ConnectionAttempt, error: unknown): UnavailablePart {
  const { why, next } = failureOf(attempt, error);
  return { what: attempt.what, why, next, failed: true };
}

async function opened<S>(
  server: ConnectionAttempt["server"],
  login: LoginUrl,
  open: (login: LoginUrl, runtime: Runtime) => Promise<S>,
  world: LiveWorld,
): Promise<Opened<S> | UnavailablePart> {
  const { address, user, password } = login;
  const attempt = { server, what: `${server} ${address}`, user, password };
  try {
    return { ...attempt, source: await awaited(attempt.what, open(login, world.runtime), world) };
  } catch (error) {
    return failedPart(attempt, error);
  }
}

/** The answer; says that it is waited for where it does not come soon. */
async function awaited<T>(
  what: string,
  answer: Promise<T>,
  { runtime, onWait }: LiveWorld,
): Promise<T> {
  const forget = runtime.after(SILENT_MS_MAX, () => onWait(what));
  try {
    return await answer;
  } finally {
    forget();
  }
}

async function takeSamples(
  sources: readonly Opened<Source<unknown>>[],
  { windowMs, intervalMs }: LiveQuestion,
  world: LiveWorld,
): Promise<void> {
  const { runtime } = world;
  const startMs = runtime.monotonicMs();
  for (let taken = 0; sources.some(({ failed }) => failed === undefined); taken++) {
    const dueMs = startMs + taken * intervalMs;
    // A slow source gets fewer samples, and not a longer window.
    if (taken >= 2 && Math.max(runtime.monotonicMs(), dueMs) > startMs + windowMs) return;
    await sleep(runtime, Math.max(0, dueMs - runtime.monotonicMs()));
    await Promise.all(
      sources
        .filter(({ failed }) => failed === undefined)
        .map(async (one) => {
          try {
            await awaited(one.what, one.source.sample(), world);
          } catch (error) {
            one.failed = failedPart(one, error);
          }
        }),
    );
  }
}

/** What it said, and what could not be asked of it. */
function answerOf<T>(one: Opened<Source<T>> | UnavailablePart): {
  readonly value?: T;
  readonly unavailable: readonly UnavailablePart[];
} {
  if (!("source" in one)) return { unavailable: [one] };
  const { source, failed, what } = one;
  try {
    const value = source.result();
    const until = value === undefined ? what : `${what}, after its last sample`;
    return {
      ...(value !== undefined && { value }),
      unavailable: [
        ...(failed === undefined ? [] : [{ ...failed, what: until }]),
        ...(source.unavailable ?? []),
      ],
    };
  } catch (error) {
    return { unavailable: [failedPart(one, error)] };
  }
}
