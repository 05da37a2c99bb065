/** Servers of one budget, unless said. */
const SERVERS_A_BUDGET = 100;

/**
 * A fleet file of `servers` servers in budgets of 100 or another number, each written like those of
 * the example: an image, a port, nothing else.
 */
export function fleetText(servers: number, serversABudget = SERVERS_A_BUDGET): string {
  const documents: string[] = [];
  for (let index = 0; index < servers; index += 1) {
    const budget = `studio-${String(Math.floor(index / serversABudget)).padStart(3, "0")}`;
    if (index % serversABudget === 0) documents.push(budgetText(budget, serversABudget));
    documents.push(serverText(budget, index % serversABudget));
  }
  return documents.join("---\n");
}

/** Room for servers of two pods each, whose pools may grow to 5: no limit is met. */
function budgetText(name: string, servers: number): string {
  return `apiVersion: weir.dev/v1alpha1
kind: ConnectionBudget
metadata: { name: ${name}, namespace: ${name} }
spec:
  postgres:
    host: ${name}-postgres
    database: ${name}
    credentialsSecretRef: { name: ${name}-postgres }
    maxConnections: ${4 * servers}
  pgbouncer:
    maxClientConn: ${12 * servers}
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
