import { isMapping } from "../../../json/fields.ts";
import type { Knowledge } from "../../knowledge/knowledge.ts";
import { namePattern, usualName } from "../../knowledge/namePatterns.ts";
import { isLocation, type Stores } from "../targets/stores.ts";
import type { Field } from "./field.ts";

/** A Secret that the values of a chart name. */
export interface ChartSecret {
  readonly holds: "environment" | "files" | "settings";
  /** As a container's `envFrom` has it, or a volume of a pod. */
  readonly reference: Readonly<Record<string, unknown>>;
  /** Where it is mounted. */
  readonly path: string;
  /** Whether it may hold a target if it is not given. */
  readonly mayHide: boolean;
}

/** Which fields of charts' values name a Secret: knowledge/chart-secrets.yaml. */
export class ChartSecrets {
  readonly #rows: readonly {
    readonly row: Knowledge["chart-secrets"][number];
    readonly pattern: RegExp;
  }[];
  readonly #stores: Stores;

  constructor(knowledge: Pick<Knowledge, "chart-secrets">, stores: Stores) {
    this.#rows = knowledge["chart-secrets"].map((row) => ({
      row,
      pattern: namePattern(row.fields),
    }));
    this.#stores = stores;
  }

  /**
   * @param names of the fields that lead to it, its own the last
   * @param beside the mapping that it stands in
   */
  in(field: Field, names: readonly string[], beside: Field): readonly ChartSecret[] {
    const own = names.at(-1) ?? "";
    const row = this.#rows.find(({ pattern }) => pattern.test(own))?.row;
    if (row === undefined) return [];
    const { holds } = row;
    const isEnabled = beside.at("enabled").value;
    // A chart within the chart that is not there leaves its settings to the Postgres outside.
    const isOfBrought = row.brings?.includes(names.at(-2) ?? "") === true;
    if (isEnabled === false && !isOfBrought) return [];
    if (holds === "files") return mountedSecrets(field);
    const about = names.slice(-3).map(usualName).join("_");
    const words = about.split("_");
    if (row.unless?.some((word) => words.includes(word)) === true) return [];
    const isBrought = isOfBrought && isEnabled === true;
    const mayHide =
      holds === "environment" ||
      (!isBrought && this.#stores.isDatabaseName(about) && !saysHost(beside));
    return referencesIn(field).map((reference) => ({ holds, reference, path: "", mayHide }));
  }
}

/** Whether a field of a mapping says where the database is: it is read by itself. */
function saysHost(mapping: Field): boolean {
  return mapping
    .entries()
    .some(([name, field]) => isLocation(usualName(name)) && (field.scalar() ?? "") !== "");
}

/** `a`, `[a, b]`, `[{ name: a }]`, `[{ secretRef: { name: a } }]`, as `envFrom` has them. */
function referencesIn(field: Field): readonly ChartSecret["reference"][] {
  const items = Array.isArray(field.value) ? field.items() : [field];
  return items.flatMap((item) => {
    if (isMapping(item.value) && (item.at("secretRef").exists || item.at("configMapRef").exists)) {
      return [item.value];
    }
    const name = item.text() ?? item.text("name") ?? item.text("secretName") ?? "";
    return name === "" ? [] : [{ secretRef: { name } }];
  });
}

/** Secrets that the entries of a mapping or a list mount, as volumes of a pod. */
function mountedSecrets(field: Field): readonly ChartSecret[] {
  const entries = Array.isArray(field.value)
    ? field.items().map((item) => [item.text("name") ?? "", item] as const)
    : field.entries();
  return entries.flatMap(([key, entry]) => {
    const named = entry.text("type") === "secret" ? entry.text("name") : undefined;
    const secretName = entry.text("secretName") ?? named;
    if (secretName === undefined || entry.at("enabled").value === false) return [];
    const path =
      entry.items("globalMounts")[0]?.text("path") ?? entry.text("mountPath") ?? `/${key}`;
    const reference = { secret: { secretName, items: entry.at("items").value } };
    return [{ holds: "files", reference, path, mayHide: true }];
  });
}
