import { describe, expect, it } from "vitest";
import { MEMBERS } from "../../examples/writing-servers/members.ts";
import { readSettings } from "../../examples/writing-servers/settings.ts";
import { startPostgres } from "../parts/postgres.ts";
import { exampleFleet } from "../system/exampleFleet.ts";
import { startProgram } from "./studio.ts";

describe("what a process is", () => {
  it("is database-admin when nobody says", () => {
    const { active, ...others } = readSettings({});
    expect(active.map(({ name }) => name)).toEqual(["database-admin"]);
    expect(others).toEqual({ port: 3010, mcpPath: "/mcp", conformance: false });
  });

  it("are the servers that are named, each once", () => {
    const { active } = readSettings({ ACTIVE_MCP_SERVERS: "scene, review,scene" });
    expect(active.map(({ name }) => name)).toEqual(["scene", "review"]);
  });

  it("has a server for each of the fleet, and no other, in the order of their ports", async () => {
    const postgres = await startPostgres();
    const { servers } = exampleFleet(postgres);
    await postgres.stop();
    const byPort = servers.toSorted((a, b) => a.spec.port - b.spec.port);
    expect(MEMBERS.map(({ name }) => name)).toEqual(byPort.map(({ metadata }) => metadata.name));
  });

  it.each([
    [
      { ACTIVE_MCP_SERVERS: "scenes" },
      /^ACTIVE_MCP_SERVERS: found "scenes"; must be names of book-planning, /,
    ],
    [{ ACTIVE_MCP_SERVERS: "" }, /^ACTIVE_MCP_SERVERS: found ""/],
    [{ PORT: "http" }, 'PORT: found "http"; must be a whole number from 0 to 65535'],
    [{ PORT: "65536" }, /^PORT: found "65536"/],
    [{ MCP_PATH: "mcp" }, /^MCP_PATH: found "mcp"; must be a path/],
    [{ MCP_PATH: "/readyz" }, /^MCP_PATH: found "\/readyz"; must be .* not one of \/livez/],
  ])("is refused: %j", (env, message) => {
    expect(() => readSettings(env)).toThrow(message);
  });

  it("ends with 2 and one line that says what is wrong", async () => {
    const { closed, log } = await startProgram("main.ts", { ACTIVE_MCP_SERVERS: "scenes" });
    expect(await closed).toEqual({ code: 2, signal: null });
    expect(log().trim().split("\n")).toHaveLength(1);
    expect(log()).toContain('ACTIVE_MCP_SERVERS: found \\"scenes\\"');
  });
});
