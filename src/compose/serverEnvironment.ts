import { environment } from "../render/environment.ts";
import type { PlannedBudget, PlannedServer } from "../budget/planFleet.ts";
import { PGPASS_FILE } from "./secretFiles.ts";

/**
 * What the charts set in every process, with the same numbers, and the user's own variables. The
 * one difference is the password: a file that PGPASSFILE names, since what stands in a container's
 * environment is shown by `docker inspect` and `docker compose config`.
 */
export function serverEnvironment({ server, plan }: PlannedServer, { budget }: PlannedBudget) {
  /** By name, in the order of a container; not yet escaped for compose. */
  const values = new Map<string, string>();
  /** All variables that Kubernetes would have, for references in arguments. */
  const variables = new Map<string, string | undefined>();
  const notes: string[] = [];
  const note = (field: string, text: string) =>
    notes.push(`McpServer/${server.metadata.name}: spec.${field}: ${text}`);
  for (const entry of [...environment(server, budget, plan), ...server.spec.env]) {
    const { name, value, valueFrom } = entry;
    const found = valueFrom === undefined ? expanded(value ?? "", variables) : undefined;
    const text = found?.ok === true ? found.text : undefined;
    variables.set(name, text);
    if (text !== undefined) {
      values.set(name, text);
    } else if (name === "PGPASSWORD") {
      values.set("PGPASSFILE", PGPASS_FILE);
    } else {
      const why =
        found?.ok === false
          ? `it refers to ${found.name}`
          : "its value is in the cluster (valueFrom)";
      note(`env.${name}`, `left out: ${why}; set it in compose.override.yaml`);
    }
  }
  if (server.spec.envFrom !== undefined) {
    note("envFrom", "left out: its values are in the cluster; set them in compose.override.yaml");
  }
  return { values, variables, notes };
}

/**
 * Replaces `$(NAME)` as kubelet does: by the variable's value; a name that is not set stays as it
 * is, and `$$` is a dollar sign.
 *
 * @param variables undefined is a value that only Kubernetes knows
 * @returns the text, or the name of the first variable whose value is not known
 */
export function expanded(text: string, variables: ReadonlyMap<string, string | undefined>) {
  let unknown: string | undefined;
  const result = text.replaceAll(/\$\$|\$\(([^()]*)\)/g, (match, name: string | undefined) => {
    if (name === undefined) return "$";
    if (!variables.has(name)) return match;
    const value = variables.get(name);
    if (value === undefined) unknown ??= name;
    return value ?? "";
  });
  return unknown === undefined
    ? { ok: true as const, text: result }
    : { ok: false as const, name: unknown };
}
