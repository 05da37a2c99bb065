import { processesOf, type System } from "../../src/verify/system.ts";

/**
 * Whether every sum of a System in which all is known holds, found by opening each connection
 * that may be opened and counting what is open: no formula of the proof is used. `unknown` where it
 * matters whether somebody else than who asks for logins uses a line that no known client uses.
 */
export function naiveVerdict(system: System): "fits" | "broken" | "unknown" {
  const [others, alone] = [verdictWith(system, true), verdictWith(system, false)];
  return others === alone ? others : "unknown";
}

/** @param others whether a line without a known client has somebody who needs to be asked for */
function verdictWith(system: System, others: boolean): "fits" | "broken" {
  const admitted = new Map<string, number>();
  for (const { address, aliases, available } of system.postgres) {
    for (const name of [address, ...aliases]) admitted.set(name, number(available));
  }
  const home = (name: string): string =>
    system.postgres.find(({ address, aliases }) => [address, ...aliases].includes(name))?.address ??
    name;
  const backends: string[] = [];
  const shares = new Map<string, number[]>();
  let broken = false;

  for (const pooler of system.poolers) {
    const mine = system.clients.flatMap((client) =>
      client.target.kind === "pooler" && client.target.pooler === pooler.name
        ? [{ client, target: client.target }]
        : [],
    );
    const opened: string[] = [];
    let atOnce = 0;
    const behind = new Set<string>();
    for (const group of pooler.groups) {
      const named = new Set(group.lines.map(({ name }) => name));
      const databases = new Set([
        ...group.lines.map(({ name }) => name).filter((name) => name !== "*"),
        ...mine.map(({ target }) => target.database).filter((name) => name !== "pgbouncer"),
      ]);
      if (databases.size === 0 && named.has("*")) databases.add("*");
      const open: string[] = [];
      for (const { client, target } of mine) {
        if (target.database !== "pgbouncer") continue;
        for (let n = 0; n < number(processesOf(client)) * number(client.pool); n++)
          open.push("consoles");
      }
      const touched = new Set<string>();
      const lineFor = (database: string) =>
        group.lines.find(({ name }) => name === (named.has(database) ? database : "*"));
      // Who asks for logins, and in which database.
      const asking = new Map<string, Map<string, number>>();
      for (const database of databases) {
        const line = lineFor(database);
        if (line?.authUser === undefined) continue;
        const where = line.authDatabase ?? database;
        if (lineFor(where) === undefined) continue;
        const most = line.authPool === undefined ? 0 : number(line.authPool);
        const isUsed = mine.some(({ target }) => target.database === database);
        const queries = !isUsed && !others ? 0 : most === 0 ? Infinity : most;
        const those = asking.get(where) ?? new Map<string, number>();
        asking.set(
          where,
          those.set(line.authUser, Math.max(queries, those.get(line.authUser) ?? 0)),
        );
      }
      for (const database of new Set([...databases, ...asking.keys()])) {
        const line = lineFor(database);
        if (line === undefined) {
          broken = true;
          continue;
        }
        const users = mine.filter(({ target }) => target.database === database);
        let asked = 0;
        for (const { client } of users) {
          for (let n = 0; n < number(processesOf(client)); n++) asked += number(client.pool);
        }
        const bulkhead = line.maxClients === undefined ? 0 : number(line.maxClients);
        if (bulkhead > 0 && asked > bulkhead) broken = true;
        const what = line.name === "maintenance" ? "maintenance" : "server";
        const isUsed = databases.has(database);
        const carried = isUsed ? (bulkhead > 0 ? bulkhead : asked) : 0;
        for (let n = 0; n < carried; n++) open.push(what);
        const logins =
          line.user === undefined ? users.map(({ target }) => target.user) : [line.user];
        const roles = new Set(!isUsed ? [] : logins.length === 0 ? ["somebody"] : logins);
        const size = number(line.poolSize) === 0 ? Infinity : number(line.poolSize);
        const pool = size + number(line.reservePool);
        let servers = 0;
        for (let n = 0; n < roles.size; n++) servers += pool;
        for (const [role, queries] of asking.get(database) ?? []) {
          if (!roles.has(role)) servers += Math.min(queries, pool);
        }
        const most = line.maxBackends === undefined ? 0 : number(line.maxBackends);
        if (most > 0) servers = Math.min(servers, most);
        if (servers === Infinity) return "broken";
        touched.add(home(line.postgres));
        for (let n = 0; n < number(group.processes) * servers; n++) {
          opened.push(home(line.postgres));
          atOnce += 1;
        }
      }
      const { reserve } = pooler;
      const count = (what: string): number => open.filter((each) => each === what).length;
      const most =
        count("server") +
        Math.max(count("consoles"), reserve.consoles) +
        Math.max(count("maintenance"), reserve.maintenance) +
        reserve.logins;
      // What nobody asked for may be used up, as long as one more can log in.
      const bare = count("server") + count("consoles") + count("maintenance");
      const needed = reserve.isDemanded ? most : Math.min(most, bare + 1);
      if (needed > number(group.capacity)) broken = true;
      const star = group.lines.find(({ name }) => name === "*");
      if (star !== undefined && !named.has("maintenance") && reserve.isDemanded) {
        const slots = number(group.processes) * reserve.maintenanceSlots;
        if (touched.size > 0) atOnce += slots;
        for (let n = 0; touched.has(home(star.postgres)) && n < slots; n++) {
          opened.push(home(star.postgres));
        }
      }
      for (const address of touched) behind.add(address);
    }
    backends.push(...opened);
    if (pooler.share !== undefined) {
      if (atOnce > number(pooler.share)) broken = true;
      for (const address of behind) {
        shares.set(address, [...(shares.get(address) ?? []), number(pooler.share)]);
      }
    }
  }
  for (const client of system.clients) {
    const { pool, target } = client;
    if (target.kind !== "postgres") continue;
    for (let n = 0; n < number(processesOf(client)) * number(pool); n++)
      backends.push(home(target.postgres));
  }
  for (const [address, most] of admitted) {
    const declared = shares.get(address) ?? [];
    if (declared.length > 1 && declared.reduce((a, b) => a + b, 0) > most) broken = true;
    if (backends.filter((each) => each === home(address)).length > most) broken = true;
  }
  return broken ? "broken" : "fits";
}

function number(figure: System["clients"][number]["pool"]): number {
  if (!figure.known) throw new Error(`missing: ${figure.what}`);
  return figure.value;
}
