import { fieldOf, isMapping } from "../../json/fields.ts";

/** A container of a compose project. */
export interface ComposeContainer {
  readonly name: string;
  readonly service: string;
  readonly addresses: readonly string[];
  readonly ready: boolean;
}

/** docker said something else than it documents. */
export class DockerOutputError extends Error {
  constructor(what: string) {
    super(`${what} printed no JSON that can be read`);
    this.name = "DockerOutputError";
  }
}

/**
 * The ids of the containers that `docker compose ps --format json` lists: an array, since 2.21 a
 * line for each.
 */
export function containerIds(ps: string): readonly string[] {
  return jsonValues(ps, "docker compose ps").flatMap(({ ID }) =>
    typeof ID === "string" ? [ID] : [],
  );
}

/** Containers of `docker inspect ID…` that run, with their addresses on all networks. */
export function inspectedContainers(inspect: string): readonly ComposeContainer[] {
  return jsonValues(inspect, "docker inspect").flatMap((container): ComposeContainer[] => {
    const state = fieldOf(container, "State");
    const service = fieldOf(container, "Config", "Labels")["com.docker.compose.service"];
    const { Name: name } = container;
    if (state["Running"] !== true || typeof service !== "string" || typeof name !== "string") {
      return [];
    }
    const networks = Object.values(fieldOf(container, "NetworkSettings", "Networks"));
    const addresses = networks.flatMap((network) => {
      const { IPAddress, GlobalIPv6Address } = fieldOf(network);
      return [IPAddress, GlobalIPv6Address];
    });
    const { Status: health } = fieldOf(state, "Health");
    return [
      {
        name: name.replace(/^\//, ""),
        service,
        addresses: addresses.filter(
          (address): address is string => typeof address === "string" && address !== "",
        ),
        ready: health === undefined || health === "healthy",
      },
    ];
  });
}

function jsonValues(text: string, what: string): readonly Readonly<Record<string, unknown>>[] {
  const trimmed = text.trim();
  try {
    const value: unknown = trimmed.startsWith("[")
      ? JSON.parse(trimmed)
      : trimmed
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line) as unknown);
    if (Array.isArray(value) && value.every(isMapping)) return value;
  } catch {
    // The error below says it.
  }
  throw new DockerOutputError(what);
}
