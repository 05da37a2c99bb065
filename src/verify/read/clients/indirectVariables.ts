import { Template } from "../../template.ts";
import type { Container, ContainerFiles, EnvironmentVariables, Variable } from "../../workload.ts";
import type { Injectors } from "../objects/injectors.ts";

/** `DATABASE_URL_FILE`, `GF_DATABASE_HOST__FILE`: the file holds what the variable would. */
const OF_FILE = /^(.*?[A-Z0-9a-z])_{1,2}FILE$/i;
/** `FILE__DATABASE_URL`. */
const FILE_OF = /^FILE__(.+)$/i;

/** `awssm://prod/db`, `my-vault://db`: a scheme that is called as a store of secrets is. */
const STORE =
  /^(?:[a-z][\w.]*[+-])*(?:\w*(?:secrets?|secretmanager|vault|keyvault)|\w*s?sm|kms):\/\//i;

/**
 * The container with its variables as its program has them: of one that names a file, what the file
 * holds; of one that refers to a store of secrets, something unknown.
 */
export function withIndirectVariables(container: Container, injectors: Injectors): Container {
  const { environment, files } = container;
  const changed: Variable[] = [];
  for (const variable of environment.variables.values()) {
    const { name, value } = variable;
    const store = value.known === undefined ? undefined : storeOf(value.known, injectors);
    if (store !== undefined) {
      const text = `what ${store} puts in place of ${value.known}`;
      changed.push({ ...variable, value: Template.unknown(text) });
    }
    const [, of] = OF_FILE.exec(name) ?? FILE_OF.exec(name) ?? [];
    if (of === undefined || hasValue(environment.variables, of)) continue;
    const held = heldBy(value, files);
    if (held !== undefined) changed.push({ ...variable, name: of, value: held });
  }
  if (changed.length === 0) return container;
  const variables = new Map([
    ...environment.variables,
    ...changed.map((one) => [one.name, one] as const),
  ]);
  return { ...container, environment: { ...environment, variables } };
}

function storeOf(text: string, injectors: Injectors): string | undefined {
  return injectors.byValue(text) ?? (STORE.test(text) ? "a store of secrets" : undefined);
}

function hasValue(variables: EnvironmentVariables, name: string): boolean {
  return variables.get(name)?.value.isEmpty === false;
}

/** What a file holds; undefined where the value is no path. */
function heldBy(value: Template, { files, unknown }: ContainerFiles): Template | undefined {
  const path = value.known?.trim().replace(/^file:(?:\/\/)?/, "");
  if (path === undefined) return Template.unknown(`the file that ${value.render()} names`);
  if (!/^[./~]/.test(path)) return undefined;
  const file = files.get(path);
  if (file !== undefined) return Template.of(file.text.trim());
  const mount = unknown.find((one) => path === one.path || path.startsWith(`${one.path}/`));
  return Template.unknown(
    mount === undefined ? `file ${path}` : `${mount.name}, which is mounted at ${mount.path},`,
  );
}
