import { PODS_ANNOTATION } from "../../api/names.ts";
import type { AuditObject } from "../sourcePosition.ts";
import { annotatedCount } from "./annotations.ts";
import { iniConfiguration } from "./configuration.ts";
import { Field } from "./field.ts";
import { missing } from "./quantities.ts";
import { INI_KIND } from "./iniObject.ts";
import type { Inventory } from "./inventory.ts";
import { listenPort, type FoundPooler } from "./poolers.ts";

/** The pooler of a bare ini, called by its file's name. How many processes run it nobody says. */
export function barePooler(object: AuditObject, inventory: Inventory): readonly FoundPooler[] {
  const root = Field.of(object);
  const text = root.at("text").text();
  if (object.kind !== INI_KIND || object.apiVersion !== "" || text === undefined) return [];
  const annotation = (name: string) => inventory.annotation(name, root.at("metadata"));
  const { configuration, problems } = iniConfiguration(
    text,
    object.file,
    () => undefined,
    (section, key, _, within) => ({
      object,
      path: [section, key],
      ...(within === undefined ? {} : { key: within }),
    }),
  );
  const [problem] = problems;
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
      groups: [
        {
          processes,
          configuration:
            problem === undefined
              ? configuration
              : missing(
                  `what PgBouncer reads in line ${problem.line}: ${problem.text}`,
                  root.place(),
                  "correct the ini, or put it with all that it includes into a ConfigMap",
                ),
        },
      ],
      annotation,
      notes: [],
    },
  ];
}
