import { fieldOf, isMapping, type Fields } from "../../json/fields.ts";
import { serviceKey } from "../../verify/compose/composeSystem.ts";
import type { RunningPod } from "./pods.ts";

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

/** The containers of services that run, of those of `docker inspect ID…`. */
export function inspectedContainers(inspect: string): readonly RunningPod[] {
  return jsonValues(inspect, "docker inspect").flatMap((container) => {
    const { Name: name } = container;
    const state = fieldOf(container, "State");
    const service = fieldOf(container, "Config", "Labels")["com.docker.compose.service"];
    if (state["Running"] !== true || typeof service !== "string" || typeof name !== "string") {
      return [];
    }
    // It has an address on each of its networks.
    const addresses = Object.values(fieldOf(container, "NetworkSettings", "Networks"))
      .map((network) => fieldOf(network))
      .flatMap(({ IPAddress, GlobalIPv6Address }) => [IPAddress, GlobalIPv6Address])
      .filter((address): address is string => typeof address === "string" && address !== "");
    const { Status: health = "healthy" } = fieldOf(state, "Health");
    return {
      workload: serviceKey(service),
      name: name.replace(/^\//, ""),
      addresses,
      ready: health === "healthy",
      terminating: false,
    };
  });
}

function jsonValues(text: string, what: string): readonly Fields[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  try {
    const values: unknown = text.trim().startsWith("[")
      ? JSON.parse(text)
      : lines.map((line) => JSON.parse(line) as unknown);
    if (Array.isArray(values) && values.every(isMapping)) return values;
  } catch {
    // The error below says it.
  }
  throw new DockerOutputError(what);
}
