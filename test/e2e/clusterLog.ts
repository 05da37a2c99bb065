import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { cacheDir } from "../../tools/cache/cache.ts";
import type { E2eEnvironment } from "./environment.ts";
import type { Watch } from "./watch.ts";

/** What somebody asks first who has to find out why a scenario failed. */
const QUESTIONS: readonly (readonly string[])[] = [
  ["get", "nodes", "--output=wide"],
  ["describe", "nodes"],
  ["get", "events", "--all-namespaces", "--sort-by=.lastTimestamp"],
];
/** Beside the new one. */
const LOGS_KEPT = 20;
const PODS = ["get", "pods", "--all-namespaces", "--output=wide"];

/**
 * Keeps a file that outlives the cluster: its nodes and events, descriptions of its pods that are not
 * Ready and, once a fleet is watched, the operator's conditions and the last lines of each pod.
 *
 * @returns the file's path
 */
export async function keepClusterLog(
  { cluster }: Pick<E2eEnvironment, "cluster">,
  namespace: string,
  seen: Watch | undefined,
): Promise<string> {
  const parts: string[] = [];
  const ask = async (args: readonly string[]) => {
    const { stdout, stderr } = await cluster.kubectl([...args, "--request-timeout=60s"]);
    parts.push(`$ kubectl ${args.join(" ")}\n${stdout}${stderr}`);
    return stdout;
  };
  for (const question of QUESTIONS) await ask(question);
  for (const { space, pod } of notReady(await ask(PODS))) {
    await ask(["describe", "pod", "--namespace", space, pod]);
  }
  for (const { object, type, status, reason, message } of seen?.conditions.now() ?? []) {
    parts.push(`${object} ${type}=${status} ${reason}: ${message}\n`);
  }
  for (const [pod, lines] of seen?.logs.tails() ?? []) {
    parts.push(`the last lines of ${pod}:\n${lines.join("\n")}\n`);
  }
  const dir = join(cacheDir(), "logs");
  await mkdir(dir, { recursive: true });
  const old = (await readdir(dir)).toSorted().slice(0, -LOGS_KEPT);
  for (const name of old) await rm(join(dir, name));
  const file = join(dir, `${new Date().toISOString().replaceAll(":", "-")}-${namespace}.log`);
  await writeFile(file, parts.join("\n"));
  return file;
}

/** @param table as `kubectl get pods` prints it: namespace, name, and how many containers are ready */
export function notReady(
  table: string,
): readonly { readonly space: string; readonly pod: string }[] {
  return table.split("\n").flatMap((line) => {
    const [, space = "", pod = "", ready, all, status] =
      /^(\S+)\s+(\S+)\s+(\d+)\/(\d+)\s+(\S+)/.exec(line) ?? [];
    return ready === all || status === "Completed" ? [] : [{ space, pod }];
  });
}
