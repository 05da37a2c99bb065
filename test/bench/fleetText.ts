/** Servers of one budget. */
const SERVERS_A_BUDGET = 100;

/** Room for 100 servers of two pods each, whose pools may grow to 5: no limit is met. */
const MAX_CLIENT_CONN = 1200;

/**
 * A fleet file of `servers` servers in budgets of 100, each written like those of the example: an
 * image, a port, nothing else.
 */
export function fleetText(servers: number): string {
  const documents: string[] = [];
  for (let index = 0; index < servers; index += 1) {
    const budget = `studio-${String(Math.floor(index / SERVERS_A_BUDGET)).padStart(3, "0")}`;
    if (index % SERVERS_A_BUDGET === 0) documents.push(budgetText(budget));
    documents.push(serverText(budget, index % SERVERS_A_BUDGET));
  }
  return documents.join("---\n");
}

function budgetText(name: string): string {
  return `apiVersion: weir.dev/v1alpha1
kind: ConnectionBudget
metadata: { name: ${name}, namespace: ${name} }
spec:
  postgres:
    host: ${name}-postgres
    database: ${name}
    credentialsSecretRef: { name: ${name}-postgres }
    maxConnections: 400
  pgbouncer:
    maxClientConn: ${MAX_CLIENT_CONN}
`;
}

function serverText(namespace: string, number: number): string {
  return `apiVersion: weir.dev/v1alpha1
kind: McpServer
metadata: { name: server-${String(number).padStart(3, "0")}, namespace: ${namespace} }
spec:
  budgetRef: { name: ${namespace} }
  image: weir.local/writing-servers:0.1.0
  port: ${3001 + number}
`;
}
