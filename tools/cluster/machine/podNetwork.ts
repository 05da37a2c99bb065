import { once } from "node:events";
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { z } from "zod";

import type { Arrival } from "./enforcer.ts";

/** Where Debian's containernetworking-plugins has its programs. */
export const CNI_PLUGINS = "/usr/lib/cni";

/** The name of our own plugin, which comes last: when it ends, the pod's program may start. */
export const ADMISSION_PLUGIN = "weir-admission";

/** In a folder that each machine has for itself. */
const SOCKET = "/run/weir-admission.sock";

/**
 * Hands what a network plugin is told to the program that enforces policies, and its answer back.
 * Only when a pod comes; what goes, the API tells.
 */
const PLUGIN = `#!/bin/sh
[ "$CNI_COMMAND" = ADD ] || exit 0
{ echo "$CNI_ARGS"; cat; } | exec socat -t 60 - UNIX-CONNECT:${SOCKET}
`;

/** Fills a folder with network plugins: Debian's, and our own. */
export async function writePlugins(dir: string): Promise<void> {
  await mkdir(dir);
  for (const name of await readdir(CNI_PLUGINS)) {
    await symlink(join(CNI_PLUGINS, name), join(dir, name));
  }
  await writeFile(join(dir, ADMISSION_PLUGIN), PLUGIN, { mode: 0o755 });
}

const CONFIG = z.object({
  prevResult: z.looseObject({ ips: z.array(z.object({ address: z.string() })).min(1) }),
});

/** Listens to the plugin: a pod's program starts when it was admitted. */
export async function admitPods(admit: (arrival: Arrival) => Promise<void>): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    void answer(socket, admit).catch((error: unknown) => {
      socket.end(JSON.stringify({ code: 100, msg: String(error) }));
    });
  }).listen(SOCKET);
  await once(server, "listening");
}

async function answer(socket: Socket, admit: (arrival: Arrival) => Promise<void>): Promise<void> {
  const [args = "", ...config] = (await text(socket)).split("\n");
  const { prevResult } = CONFIG.parse(JSON.parse(config.join("\n")));
  const told = new Map(args.split(";").map((arg) => [arg.split("=")[0], arg.split("=")[1]]));
  const namespace = told.get("K8S_POD_NAMESPACE");
  const name = told.get("K8S_POD_NAME");
  const uid = told.get("K8S_POD_UID");
  const ip = prevResult.ips[0]?.address.split("/")[0];
  if (namespace === undefined || name === undefined || uid === undefined || ip === undefined) {
    throw new Error(`a pod without a name, a uid or an address: ${args}`);
  }
  await admit({ namespace, name, uid, ip });
  socket.end(JSON.stringify(prevResult));
}
