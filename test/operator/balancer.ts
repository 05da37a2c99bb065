import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** An address that leads to one of several: whoever connects gets the one of that moment. */
interface Balancer {
  /** From now on; connections that are open stay where they are. */
  readonly lead: (to: string) => void;
  readonly stop: () => Promise<void>;
}

/** Between addresses of PgBouncer's port. */
export async function startBalancer(at: string, first: string): Promise<Balancer> {
  const port = 6432;
  const open = new Set<Socket>();
  let target = first;
  const server = createServer((near) => {
    const far = connect({ host: target, port });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from);
      from
        .on("error", () => {})
        .once("close", () => {
          open.delete(from);
          to.destroy();
        });
      from.pipe(to);
    }
  }).listen(port, at);
  await once(server, "listening");
  return {
    lead: (to) => {
      target = to;
    },
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      for (const each of open) each.destroy();
      await closed;
    },
  };
}
