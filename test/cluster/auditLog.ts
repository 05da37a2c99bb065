import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

/** One request that an API server answered. */
export interface AuditEntry {
  readonly user: string;
  readonly userAgent: string;
  /** As RBAC has it: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`. */
  readonly verb: string;
  readonly uri: string;
  /** `connectionbudgets`, `connectionbudgets/status`; empty for what is no object, as `/version`. */
  readonly resource: string;
  readonly namespace: string;
  /** Empty where many are asked for, or one is made. */
  readonly name: string;
  readonly status: number;
}

const LOG = "audit.log";

const EVENT = z.object({
  verb: z.string(),
  requestURI: z.string(),
  user: z.object({ username: z.string() }),
  userAgent: z.string().default(""),
  objectRef: z
    .object({
      resource: z.string().default(""),
      subresource: z.string().optional(),
      namespace: z.string().default(""),
      name: z.string().default(""),
    })
    .optional(),
  responseStatus: z.object({ code: z.number() }).optional(),
});

/** The flags that have an API server write down, in a folder, what these users ask. */
export async function auditArgs(dir: string, users: readonly string[]): Promise<readonly string[]> {
  const policyPath = join(dir, "audit-policy.yaml");
  const policy = {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    // A request is told once: when it is answered. A watch, when it ends.
    omitStages: ["RequestReceived", "ResponseStarted"],
    rules: [{ level: "Metadata", users }, { level: "None" }],
  };
  await writeFile(policyPath, JSON.stringify(policy));
  return [`--audit-policy-file=${policyPath}`, `--audit-log-path=${join(dir, LOG)}`];
}

/** All that was written down there so far. A line that is being written is left for later. */
export async function readAuditLog(dir: string): Promise<readonly AuditEntry[]> {
  const text = await readFile(join(dir, LOG), "utf8");
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => entryOf(EVENT.parse(JSON.parse(line))));
}

function entryOf({ verb, requestURI, user, userAgent, ...event }: z.infer<typeof EVENT>) {
  const { resource = "", subresource, namespace = "", name = "" } = event.objectRef ?? {};
  return {
    user: user.username,
    userAgent,
    verb,
    uri: requestURI,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    namespace,
    name,
    status: event.responseStatus?.code ?? 0,
  };
}
