import { parse } from "yaml";
import { tryoutsOf } from "../../src/render/tryout.ts";
import { composeFolder, type ComposeFolder } from "../../src/compose/composeFolder.ts";
import type { Golden } from "../golden/goldens.ts";

/** Who owns the secrets in these tests. */
export const USER = "1000:1000";

/** A service, as far as tests read it. */
export interface ServiceFields {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly secrets?: readonly { readonly source: string; readonly target: string }[];
  readonly networks: Readonly<Record<string, { readonly aliases?: readonly string[] } | null>>;
  readonly ports?: readonly Readonly<Record<string, unknown>>[];
  readonly ulimits?: { readonly nofile: { readonly soft: number; readonly hard: number } };
  readonly deploy?: {
    readonly replicas?: number;
    readonly resources?: { readonly limits?: Readonly<Record<string, unknown>> };
  };
  readonly [field: string]: unknown;
}

/** What stands in a compose file. */
export interface ComposeFile {
  readonly name: string;
  readonly services: Readonly<Record<string, ServiceFields>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly configs: Readonly<Record<string, { readonly file: string }>>;
}

/** The folder of a golden fleet; the one named `tryout` gets its Postgres. */
export function folderOf({ name, planned }: Pick<Golden, "name" | "planned">): ComposeFolder {
  return composeFolder(planned, name === "tryout" ? tryoutsOf(planned).tryouts : [], USER);
}

export function readCompose(text: string): ComposeFile {
  return parse(text);
}

/** The text of a file that a service sees at a path, from its config. */
export function configText(
  folder: Pick<ComposeFolder, "configs">,
  file: ComposeFile,
  service: ServiceFields,
  target: string,
): string | undefined {
  const source = service.configs?.find((each) => each.target === target)?.source ?? "";
  const path = file.configs[source]?.file.replace("./", "") ?? "";
  const [found] = folder.configs.filter((each) => path.startsWith(`${each.path}/`));
  return found?.files[path.slice(found.path.length + 1)];
}
