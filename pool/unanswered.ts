/**
 * Whether what a socket says is sent again because the other machine does not answer: that of a
 * PgBouncer that is busy, or stopped, does.
 *
 * @param tables the text of Linux' /proc/net/tcp: two addresses in each line, `HEX:PORT`, and the
 *   times that what is under way was sent again. Two sockets may have the same ports, with other
 *   addresses: both must be unanswered
 */
export function isUnanswered(tables: string, localPort: number, remotePort: number): boolean {
  const resent = tables
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, remote]) => portOf(local) === localPort && portOf(remote) === remotePort)
    .map((fields) => Number.parseInt(fields[6] ?? "", 16));
  return resent.length > 0 && resent.every((times) => times > 0);
}

function portOf(address: string | undefined): number {
  return Number.parseInt(address?.split(":")[1] ?? "", 16);
}
