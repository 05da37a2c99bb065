import type { Client, Pooler, PoolerLine, System } from "../system.ts";
import { withoutAssumption, type MissingQuantity } from "../quantity.ts";

/** The system with everything that it assumes as missing: what `--strict` proves. */
export function withoutAssumptions(system: System): System {
  return {
    ...system,
    missing: system.missing.map(asked),
    poolers: system.poolers.map(strictPooler),
    clients: system.clients.map(strictClient),
    postgres: system.postgres.map((server) => ({
      ...server,
      available: withoutAssumption(server.available),
    })),
  };
}

function asked(question: MissingQuantity): MissingQuantity {
  const { assumed: _, ...rest } = question;
  return rest;
}

function strictPooler(pooler: Pooler): Pooler {
  const { share, available, groups } = pooler;
  return {
    ...pooler,
    ...(share && { share: withoutAssumption(share) }),
    ...(available && { available: withoutAssumption(available) }),
    groups: groups.map((group) => ({
      ...group,
      processes: withoutAssumption(group.processes),
      ...(group.pods && { pods: withoutAssumption(group.pods) }),
      capacity: withoutAssumption(group.capacity),
      lines: group.lines.map(strictLine),
      userLimits: new Map(
        [...group.userLimits].map(([user, limit]) => [user, withoutAssumption(limit)]),
      ),
    })),
  };
}

function strictLine(line: PoolerLine): PoolerLine {
  const { maxBackends, maxClients, authPool, authPoolSize, plainPoolSize } = line;
  return {
    ...line,
    poolSize: withoutAssumption(line.poolSize),
    ...(plainPoolSize && { plainPoolSize: withoutAssumption(plainPoolSize) }),
    ...(authPoolSize && { authPoolSize: withoutAssumption(authPoolSize) }),
    reservePool: withoutAssumption(line.reservePool),
    ...(authPool && { authPool: withoutAssumption(authPool) }),
    ...(maxBackends && { maxBackends: withoutAssumption(maxBackends) }),
    ...(maxClients && { maxClients: withoutAssumption(maxClients) }),
  };
}

function strictClient(client: Client): Client {
  return {
    ...client,
    pods: withoutAssumption(client.pods),
    processesPerPod: withoutAssumption(client.processesPerPod),
    pool: withoutAssumption(client.pool),
  };
}
