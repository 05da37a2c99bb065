import { environment } from "../../src/render/environment.ts";
import type { McpServer } from "../../src/api/mcpServer.ts";
import type { ServerPlan } from "../../src/budget/plan.ts";
import type { StartedTier } from "./weirTier.ts";

/**
 * What weir sets in a process of a server, as the process reads it: the Secret's password filled
 * in. Only the address is not that of a cluster.
 */
export function serverEnvironment(
  tier: StartedTier,
  server: McpServer,
  plan: ServerPlan,
): Record<string, string> {
  const set = environment(server, tier.budget, plan).map(({ name, value }) => [
    name,
    // The one value that comes out of a Secret is the password.
    value === undefined ? tier.passwordOf(server.metadata.name) : value.replaceAll("$$", "$"),
  ]);
  const [bouncer] = tier.bouncers;
  return {
    ...Object.fromEntries(set),
    PGHOST: "127.0.0.1",
    PGPORT: String(bouncer.port),
  };
}
