import type { Fleet } from "../api/fleet.ts";
import { didYouMean } from "../text/didYouMean.ts";

/** Names the servers that are awake, separated by commas: all others are as if Disabled. */
const ACTIVE_VARIABLE = "WEIR_ACTIVE";

/**
 * The fleet with all servers but those named as if Disabled: by `--active` where it is given, else
 * by WEIR_ACTIVE. Every command that plans reads both here, so that none of them counts a server that
 * another does not. `weir secrets` reads neither. The problems are one sentence for each name that no
 * server has, and for a list without a name.
 */
export function activeFleet(
  fleet: Fleet,
  env: Readonly<Record<string, string | undefined>>,
  option?: string,
): { readonly fleet: Fleet; readonly problems: readonly string[] } {
  const list = option ?? activeNamesIn(env);
  if (list === undefined) return { fleet, problems: [] };
  const from = option === undefined ? ACTIVE_VARIABLE : "--active";
  const names = new Set(
    list
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== ""),
  );
  if (names.size === 0) return { fleet, problems: [`${from}: names no server`] };
  const known = new Set(fleet.servers.map(({ metadata }) => metadata.name));
  return {
    fleet: {
      budgets: fleet.budgets,
      servers: fleet.servers.map((server) =>
        names.has(server.metadata.name)
          ? server
          : { ...server, spec: { ...server.spec, activation: "Disabled" } },
      ),
    },
    problems: [...names]
      .filter((name) => !known.has(name))
      .map((name) => {
        const meant = didYouMean(name, known);
        const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
        return `${from}: no server of the fleet is named ${name}${hint}`;
      }),
  };
}

/** What WEIR_ACTIVE names. Empty is as good as unset, as in a CI job that sets no value. */
export function activeNamesIn(
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const names = env[ACTIVE_VARIABLE];
  return names === undefined || names.trim() === "" ? undefined : names;
}
