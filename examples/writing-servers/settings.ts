import { MEMBERS } from "./members.ts";
import type { Member } from "./tool.ts";

const PORT = 3010;
const MCP_PATH = "/mcp";
const ACTIVE = "database-admin";
/** What the process serves beside MCP. */
const OWN_PATHS = ["/livez", "/readyz", "/metrics"] as const;

/** What this process is. */
export interface ProgramSettings {
  /** The servers that it hosts, in the order given. */
  readonly active: readonly Member[];
  readonly port: number;
  readonly mcpPath: string;
  /** Whether it serves what the public conformance suite asks for, beside its tools. */
  readonly conformance: boolean;
}

/**
 * Reads what this process is from its environment.
 *
 * @throws with the variable, what was found and what is allowed
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): ProgramSettings {
  return {
    active: activeMembers(env["ACTIVE_MCP_SERVERS"] ?? ACTIVE),
    port: port(env["PORT"] ?? String(PORT)),
    mcpPath: mcpPath(env["MCP_PATH"] ?? MCP_PATH),
    conformance: env["MCP_CONFORMANCE"] === "1",
  };
}

function activeMembers(text: string): readonly Member[] {
  const names = [...new Set(text.split(",").map((name) => name.trim()))];
  return names.map((name) => {
    const member = MEMBERS.find((each) => each.name === name);
    if (member === undefined) {
      const allowed = MEMBERS.map((each) => each.name).join(", ");
      throw new Error(
        `ACTIVE_MCP_SERVERS: found "${name}"; must be names of ${allowed}, separated by commas`,
      );
    }
    return member;
  });
}

function port(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > 65_535) {
    throw new Error(`PORT: found "${text}"; must be a whole number from 0 to 65535`);
  }
  return number;
}

function mcpPath(text: string): string {
  const taken = OWN_PATHS.some((path) => path === text);
  if (!/^\/[\w./-]*$/.test(text) || taken) {
    throw new Error(
      `MCP_PATH: found "${text}"; must be a path such as /mcp, not one of ${OWN_PATHS.join(", ")}`,
    );
  }
  return text;
}
