import { execFile } from "node:child_process";
import { dirname, resolve } from "node:path";
import { parseEnv, promisify } from "node:util";
import { fieldOf } from "../../json/fields.ts";
import { readCompose } from "../../verify/compose/composeFile.ts";
import {
  containerIds,
  DockerOutputError,
  inspectedContainers,
  type ComposeContainer,
} from "./composeContainers.ts";
import { composeSystem, serviceKey } from "../../verify/compose/composeSystem.ts";
import type { UnavailablePart } from "../../model/observation.ts";
import type { LiveWorkload } from "../../model/workload.ts";
import { isClient, podOf } from "./pods.ts";
import { poolSettings } from "./workloads.ts";

const run = promisify(execFile);

/** How long docker may take to list what runs. */
const DOCKER_TIMEOUT_MS = 10_000;

/** What reading a project needs of the world. */
export interface ComposeWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file. @throws when it can't be read */
  readonly read: (path: string) => string;
}

/** The services of a compose project that connect to a PgBouncer, with their containers. */
interface ComposeAnswer {
  readonly workloads: readonly LiveWorkload[];
  readonly unavailable: readonly UnavailablePart[];
}

/** A compose file that was read; its containers are still to be asked for. */
interface ReadProject {
  /** @param clientAddresses of the PgBouncers' clients */
  readonly withContainers: (clientAddresses: ReadonlySet<string>) => Promise<ComposeAnswer>;
}

/**
 * Reads a compose file. Where docker does not answer afterwards, only the file is read, and
 * `unavailable` says why.
 *
 * @throws BadCompose, or what `read` throws for the file itself
 */
export function readComposeProject(file: string, { env, read }: ComposeWorld): ReadProject {
  const beside = (path: string) => textOrNone(resolve(dirname(file), path), read);
  const variables = parseEnv(beside(".env") ?? "");
  const project = readCompose(file, read(file), {
    variable: (name) => env[name] ?? variables[name],
    envFile: (path) => {
      const text = beside(path);
      return text === undefined ? undefined : asTexts(parseEnv(text));
    },
  });
  // A userlist and keys lie beside, too: what is no ini is not opened.
  const system = composeSystem(file, project.services, (path) =>
    path.endsWith(".ini") ? beside(path) : undefined,
  );
  const configured = poolSettings(system);
  const elsewhere = project.elsewhere.length === 0 ? [] : [notRead(file, project.elsewhere)];
  return {
    withContainers: async (clientAddresses) => {
      const { containers, unavailable } = await containersOf(file, env);
      const names = new Set(configured.map(({ workload }) => workload));
      const clients = containers.filter((container) => isClient(container, clientAddresses));
      const others = new Set(clients.map(({ service }) => serviceKey(service)));
      const workloads = [
        ...configured,
        ...[...others]
          .filter((key) => !names.has(key))
          .map((workload) => ({ workload, settings: { processesPerPod: 1 } })),
      ];
      const replicas = new Map(project.services.map((one) => [serviceKey(one.name), one.replicas]));
      return {
        workloads: workloads.map(({ workload, settings }) => ({
          name: workload,
          ...settings,
          replicas: replicas.get(workload) ?? 1,
          pods: containers
            .filter(({ service }) => serviceKey(service) === workload)
            .map((container) => podOf(container, clientAddresses)),
        })),
        unavailable: [...unavailable, ...elsewhere],
      };
    },
  };
}

function notRead(file: string, parts: readonly string[]): UnavailablePart {
  return {
    what: `${parts.join(", ")} of ${file}`,
    why: "it stands in another file, which is not read",
    next: `docker compose -f ${file} config > whole.yaml, and --compose whole.yaml`,
  };
}

/** The containers of the project, asked of docker. */
async function containersOf(
  file: string,
  env: ComposeWorld["env"],
): Promise<{
  readonly containers: readonly ComposeContainer[];
  readonly unavailable: readonly UnavailablePart[];
}> {
  try {
    const ids = containerIds(await docker(["compose", "-f", file, "ps", "--format", "json"], env));
    const containers =
      ids.length === 0 ? [] : inspectedContainers(await docker(["inspect", ...ids], env));
    return { containers, unavailable: [] };
  } catch (error) {
    return {
      containers: [],
      unavailable: [
        {
          what: `containers of ${file}`,
          why: whyNot(error),
          next: "run weir diagnose where docker compose ps lists them",
        },
      ],
    };
  }
}

async function docker(words: readonly string[], env: ComposeWorld["env"]): Promise<string> {
  const { stdout } = await run("docker", words, {
    env: { ...env },
    timeout: DOCKER_TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
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

function asTexts(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
