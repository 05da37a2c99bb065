import { PODS_ANNOTATION } from "../../api/names.ts";
import { LineTable } from "../../fleet/yaml.ts";
import { missing } from "../quantity.ts";
import { objectOf, type ManifestObject } from "../sourcePosition.ts";
import { annotatedCount } from "./targets/annotations.ts";
import { textOf } from "./objects/objectData.ts";
import { Field } from "./objects/field.ts";
import type { Inventory } from "./objects/inventory.ts";
import { iniConfiguration, listenPort, type FoundPooler } from "./poolers/poolers.ts";

/** The kind of a PgBouncer of which there is only an ini. */
const INI_KIND = "PgBouncer";

/**
 * A bare ini as an object: called by its file's name. A field's path is section and key
 * (`pgbouncer.max_client_conn`), and its place the line where that stands last.
 */
export function iniObject(file: string, text: string): ManifestObject {
  const lines = new LineTable(text);
  return {
    file,
    kind: INI_KIND,
    apiVersion: "",
    name: file.slice(file.lastIndexOf("/") + 1),
    namespace: "default",
    value: { text },
    positionOf: ([section, key]) => lines.positionAt(offsetOf(text, section, key)),
  };
}

function offsetOf(text: string, section?: string | number, key?: string | number): number {
  let offset = 0;
  let inSection = "";
  let found = 0;
  for (const line of text.split("\n")) {
    const header = /^\s*\[([^\]]*)\]/.exec(line)?.[1];
    if (header !== undefined) {
      inSection = header;
      if (header === section) found = offset;
    } else if (inSection === section && /^\s*"?([^="\s]+)"?\s*=/.exec(line)?.[1] === key) {
      found = offset;
    }
    offset += line.length + 1;
  }
  return found;
}

/** The objects of bare inis, but for those that another pooler already reads, word for word. */
export function bareInis(
  objects: readonly ManifestObject[],
  poolers: readonly FoundPooler[],
): { readonly inis: readonly ManifestObject[]; readonly notes: readonly string[] } {
  const bare = objects.filter(({ kind, apiVersion }) => kind === INI_KIND && apiVersion === "");
  if (bare.length === 0) return { inis: [], notes: [] };
  const read = new Map(
    poolers
      .flatMap(configurationObjects)
      .flatMap((object) => textsIn(object).map((text) => [comparable(text), object] as const)),
  );
  const same = bare.flatMap((ini) => {
    const object = read.get(comparable(Field.of(ini).text("text") ?? ""));
    return object === undefined ? [] : [{ ini, object }];
  });
  const isSame = new Set(same.map(({ ini }) => ini));
  return {
    inis: bare.filter((ini) => !isSame.has(ini)),
    notes: same.map(
      ({ ini, object }) => `${ini.file} is the text in ${objectOf({ object })}: one PgBouncer`,
    ),
  };
}

/** The objects in which a pooler's configuration stands. */
function configurationObjects({ groups }: FoundPooler): readonly ManifestObject[] {
  return groups.flatMap(({ configuration }) => {
    if ("known" in configuration) return [];
    const { settings, lines } = configuration;
    const known = [...settings.values()].flatMap((one) => (one.known ? [one.place] : []));
    const places = [...known, ...[...lines.values()].map(({ place }) => place)];
    return [...new Set(places.map(({ object }) => object))];
  });
}

/** The texts of a ConfigMap or Secret. */
function textsIn(object: ManifestObject): readonly string[] {
  const root = Field.of(object);
  const entries = ["data", "stringData"].flatMap((field) => root.entries(field));
  return entries.flatMap(([, field]) => textOf(field) ?? []);
}

/** Without what editors change. */
function comparable(text: string): string {
  return text.replaceAll("\r\n", "\n").trim();
}

/** The pooler of a bare ini, called by its file's name. The ini does not say how many processes run it. */
export function barePooler(object: ManifestObject, inventory: Inventory): readonly FoundPooler[] {
  const root = Field.of(object);
  const text = root.text("text");
  if (text === undefined) return [];
  const annotation = (name: string) => inventory.annotation(name, root.at("metadata"));
  const { configuration, problems } = iniConfiguration(
    text,
    object.file,
    () => undefined,
    (section, key, _, within) => root.at(section, key).place(within),
  );
  const [unreadable] = problems.map(({ line, text: what }) =>
    missing(
      `what PgBouncer reads in line ${line}: ${what}`,
      root.place(),
      "correct the ini, or put it with all that it includes into a ConfigMap",
    ),
  );
  const port = listenPort(configuration);
  const processes =
    annotatedCount(annotation(PODS_ANNOTATION), object.name, "how many processes run it") ??
    missing(
      "how many PgBouncer processes run with this ini",
      root.place(),
      `say ${PODS_ANNOTATION}=N of ${INI_KIND} ${object.namespace}/${object.name}`,
    );
  return [
    {
      name: object.name,
      place: root.place(),
      namespace: object.namespace,
      labels: new Map(),
      portNames: new Map(),
      ports: port === undefined ? [] : [port],
      services: [],
      groups: [{ processes, configuration: unreadable ?? configuration }],
      annotation,
      notes: [],
    },
  ];
}
