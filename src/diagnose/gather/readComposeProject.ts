import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { fieldOf } from "../../json/fields.ts";
import { readCompose, type ComposeProject } from "../../verify/compose/composeFile.ts";
import { containerIds, DockerOutputError, inspectedContainers } from "./composeContainers.ts";
import { composeSystem, serviceKey } from "../../verify/compose/composeSystem.ts";
import type { Products } from "../../verify/read/adapter.ts";
import type { UnavailablePart } from "../../model/observation.ts";
import { deadlineOf } from "../../runtime/deadline.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { connectedWorkloads, poolSettings } from "./workloads.ts";
import type { LiveWorkload } from "../../model/workload.ts";

const run = promisify(execFile);

/** How long docker may take to list what runs. */
const DOCKER_TIMEOUT_MS = 10_000;

/** What reading a project needs of the world. */
export interface ComposeWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file. @throws when it can't be read */
  readonly read: (path: string) => string;
  readonly runtime: Runtime;
  /** What weir knows of the programs that it finds. */
  readonly products: Products;
}

/**
 * Reads a compose file.
 *
 * @returns asks docker for the containers of the services that connect to a PgBouncer, of which
 *   these are the clients' addresses; where docker does not answer, `unavailable` says why
 * @throws BadCompose, or what `read` throws for the file itself
 */
export function readComposeProject(file: string, world: ComposeWorld) {
  const { env, read, products } = world;
  const surroundings = {
    textOf: (path: string) => textOrNone(path, read),
    // What is in a folder is not listed: none of its files says what a client opens.
    namesIn: () => undefined,
    shell: env,
  };
  const project = readCompose([{ name: file, text: read(file) }], surroundings);
  const { system, services } = composeSystem(project, { surroundings, products });
  const configured = poolSettings(system);
  const elsewhere = project.absent.length === 0 ? [] : [notRead(file, project.absent)];
  const replicas = new Map(
    services.map(({ name, workload: { pods } }) => [serviceKey(name), pods.known ? pods.value : 1]),
  );
  return async (
    clientAddresses: ReadonlySet<string>,
  ): Promise<{
    readonly workloads: readonly LiveWorkload[];
    readonly unavailable: readonly UnavailablePart[];
  }> => {
    const { containers, unavailable } = await containersOf(file, world);
    return {
      workloads: connectedWorkloads(configured, containers, clientAddresses).map(
        ({ name, settings, pods }) => ({
          name,
          ...settings,
          replicas: replicas.get(name) ?? 1,
          pods,
        }),
      ),
      unavailable: [...unavailable, ...elsewhere],
    };
  };
}

function notRead(file: string, absent: ComposeProject["absent"]): UnavailablePart {
  return {
    what: `${absent.map(({ path }) => path).join(", ")}, which ${file} names`,
    why: "it is not there",
    next: `docker compose -f ${file} config > whole.yaml, and --compose whole.yaml`,
  };
}

/** The containers of the project, asked of docker. */
async function containersOf(file: string, world: ComposeWorld) {
  try {
    const ids = containerIds(
      await docker(["compose", "-f", file, "ps", "--format", "json"], world),
    );
    const containers =
      ids.length === 0 ? [] : inspectedContainers(await docker(["inspect", ...ids], world));
    return { containers, unavailable: [] };
  } catch (error) {
    const next = "run weir diagnose where docker compose ps lists them";
    const unavailable = [{ what: `containers of ${file}`, why: whyNot(error), next }];
    return { containers: [], unavailable };
  }
}

async function docker(
  words: readonly string[],
  { env, runtime }: Pick<ComposeWorld, "env" | "runtime">,
): Promise<string> {
  const { signal, release } = deadlineOf(runtime, DOCKER_TIMEOUT_MS);
  try {
    const maxBuffer = 64 * 1024 * 1024;
    return (await run("docker", words, { env: { ...env }, signal, maxBuffer })).stdout;
  } finally {
    release();
  }
}

function whyNot(error: unknown): string {
  if (error instanceof DockerOutputError) return error.message;
  const { code, stderr } = fieldOf(error);
  if (code === "ENOENT") return "there is no docker here";
  const said = typeof stderr === "string" ? stderr.trim().split("\n").at(-1) : undefined;
  return said === undefined || said === "" ? "docker did not answer" : said;
}

function textOrNone(path: string, read: (path: string) => string): string | undefined {
  try {
    return read(path);
  } catch {
    return undefined;
  }
}
