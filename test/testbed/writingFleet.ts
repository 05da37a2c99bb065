import type { Testbed } from "./testbed.ts";

/** The servers of the incident, in the order of their ports. */
export const SERVERS = [
  "book-planning",
  "series-planning",
  "chapter-planning",
  "character-planning",
  "scene",
  "core-continuity",
  "review",
  "reporting",
  "author",
  "database-admin",
] as const;

/** A fleet in Observe, as YAML. Fields that a test cares for come over those that all have. */
interface WritingFleet {
  readonly postgres?: object;
  readonly pgbouncer?: object;
  /** The same for every server. */
  readonly server?: object;
  /** Names; those of the incident when absent. */
  readonly servers?: readonly string[];
}

/** The ten servers behind PgBouncers that weir's charts make. */
export function ownFleet(testbed: Testbed, fleet: WritingFleet = {}): string {
  const image = "weir.local/writing-servers:0.1.0";
  return yaml(testbed, fleet, { maxClientConn: 200 }, () => ({ image }));
}

/** The ten servers, each a Deployment that weir did not make, behind the testbed's old PgBouncer. */
export function existingFleet(testbed: Testbed, fleet: WritingFleet = {}): string {
  const { port } = testbed.existing();
  const statsSecretRef = { name: "old-stats" };
  const existing = { host: "127.0.0.1", port, processes: 1, statsSecretRef };
  return yaml(testbed, fleet, { maxClientConn: 200, existing }, (name) => ({
    workloadRef: { kind: "Deployment", name },
  }));
}

/** JSON, which is YAML. */
function yaml(
  { postgres: { port } }: Testbed,
  { postgres = {}, pgbouncer = {}, server = {}, servers = SERVERS }: WritingFleet,
  tier: object,
  workload: (name: string) => object,
): string {
  const budget = {
    apiVersion: "weir.dev/v1alpha1",
    kind: "ConnectionBudget",
    metadata: metadataOf("writing"),
    spec: {
      mode: "Observe",
      postgres: {
        host: "127.0.0.1",
        port,
        database: "writing",
        credentialsSecretRef: { name: "writing-postgres" },
        ...postgres,
      },
      pgbouncer: { ...tier, ...pgbouncer },
    },
  };
  const objects = servers.map((name, index) => ({
    apiVersion: "weir.dev/v1alpha1",
    kind: "McpServer",
    metadata: metadataOf(name),
    spec: {
      budgetRef: { name: "writing" },
      // Ten are the incident's ports; more don't come near the pool library's.
      port: 3001 + index,
      ...workload(name),
      ...server,
    },
  }));
  return [budget, ...objects].map((object) => `---\n${JSON.stringify(object)}\n`).join("");
}

function metadataOf(name: string) {
  return { name, namespace: "writing" };
}
