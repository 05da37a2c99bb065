import { readdirSync, readFileSync } from "node:fs";
import { parseAllDocuments, stringify } from "yaml";
import { z } from "zod";

/**
 * manifests/ as people edit them by hand: each edit changes the objects, and beside them the plain
 * numbers that it changes, for an oracle that reads no manifest.
 */

/** An object that is edited; what is not named here stays as it is. */
const OBJECT = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  data: z.record(z.string(), z.string()).optional(),
  spec: z
    .looseObject({
      replicas: z.number().optional(),
      strategy: z.looseObject({ type: z.string() }).optional(),
      template: z
        .looseObject({
          metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).optional() }),
          spec: z.looseObject({
            containers: z.array(
              z.looseObject({
                env: z
                  .array(z.looseObject({ name: z.string(), value: z.string().optional() }))
                  .optional(),
              }),
            ),
          }),
        })
        .optional(),
    })
    .optional(),
});

type EditedObject = z.infer<typeof OBJECT>;

/** Objects by the file that they stand in. */
export type Files = ReadonlyMap<string, readonly EditedObject[]>;

/** The objects of a text. */
function objectsOf(text: string): EditedObject[] {
  return parseAllDocuments(text).map((document) => OBJECT.parse(document.toJS()));
}

export function manifestFolder(): Files {
  const folder = new URL("../../manifests/", import.meta.url);
  return new Map(
    readdirSync(folder)
      // Not the operator, which lies in a folder of its own.
      .filter((name) => name.endsWith(".yaml"))
      .toSorted()
      .map((name) => [`manifests/${name}`, objectsOf(readFileSync(new URL(name, folder), "utf8"))]),
  );
}

/** As texts, to be read by a command. */
export function texts(files: Files): Record<string, string> {
  return Object.fromEntries(
    [...files].map(([name, objects]) => [
      name,
      objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join("---\n"),
    ]),
  );
}

/** The numbers of the ten servers and their PgBouncer. */
export interface Numbers {
  capacity: number;
  processes: number;
  share: number;
  reserve: { consoles: number; maintenance: number; maintenanceSlots: number; logins: number };
  readonly lines: Map<string, { poolSize: number; clients: number }>;
  readonly servers: Map<string, { line: string; replicas: number; overlap: boolean; pool: number }>;
}

/** What an edit did, and the fields that it edited: object and the beginning of the field. */
interface Edit {
  readonly text: string;
  readonly fields: readonly (readonly [object: string, field: string])[];
}

/** Whole numbers at random, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): (from: number, to: number) => number {
  let state = seed;
  return (from, to) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return from + (((mixed ^ (mixed >>> 14)) >>> 0) % (to - from + 1));
  };
}

type Random = ReturnType<typeof randomFrom>;

/** The copy of manifests/ that one edit works on. */
export class Editor {
  readonly files: Map<string, EditedObject[]>;
  readonly numbers: Numbers;
  readonly #random: Random;

  constructor(files: Files, numbers: Numbers, random: Random) {
    this.files = new Map(
      [...files].map(([name, objects]) => [name, structuredClone([...objects])]),
    );
    this.numbers = structuredClone(numbers);
    this.#random = random;
  }

  /** One edit: the kinds in turn, to a value at random on one side of where a sum breaks. */
  edit(turn: number): Edit {
    const kinds: readonly (() => Edit)[] = [
      () => this.poolSize(),
      () => this.bulkhead(),
      () => this.capacity(),
      () => this.processes(),
      () => this.replicas(),
      () => this.autoscaler(),
      () => this.pool(),
      () => this.strategy(),
      () => this.copy(),
      () => this.url(),
      () => this.reserve(),
      () => this.share(),
    ];
    return (kinds[turn % kinds.length] ?? (() => this.share()))();
  }

  poolSize(): Edit {
    const [name, line] = this.#pick(this.numbers.lines);
    line.poolSize = Math.max(1, this.#atMost(line.poolSize));
    return this.#editLine(name, "pool_size", line.poolSize);
  }

  bulkhead(): Edit {
    const [name, line] = this.#pick(this.numbers.lines);
    // Below, its own pools are refused; above, nobody else's are carried.
    const tooSmall = name !== "maintenance" && this.#coin();
    line.clients = tooSmall ? this.#atLeast(line.clients) : this.#atMost(line.clients + 90);
    return this.#editLine(name, "max_db_client_connections", line.clients);
  }

  capacity(): Edit {
    this.numbers.capacity = this.#atLeast(110);
    const to = `max_client_conn = ${this.numbers.capacity}`;
    this.#ini((ini) => ini.replace(/max_client_conn = \d+/, to));
    return { text: to, fields: [[this.#config(), "max_client_conn"]] };
  }

  processes(): Edit {
    this.numbers.processes = this.#coin() ? this.#random(1, 2) : 3;
    const { processes } = this.numbers;
    const statefulSet = this.#object("StatefulSet", "writing-pgbouncer");
    if (statefulSet.spec) statefulSet.spec.replicas = processes;
    const { data } = this.#configMap();
    if (data) data["writing-pgbouncer-2.ini"] = "%include /etc/pgbouncer/common.ini\npeer_id = 3\n";
    return {
      text: `${processes} replicas of PgBouncer`,
      fields: [["StatefulSet writing/writing-pgbouncer", "spec.replicas"]],
    };
  }

  replicas(): Edit {
    const [name, server] = this.#pick(this.numbers.servers);
    server.replicas = this.#coin() ? this.#random(0, 1) : this.#random(2, 3);
    const { spec } = this.#object("Deployment", name);
    if (spec) spec.replicas = server.replicas;
    return {
      text: `${server.replicas} replicas of ${name}`,
      fields: [[`Deployment writing/${name}`, "spec.replicas"]],
    };
  }

  autoscaler(): Edit {
    const [name, server] = this.#pick(this.numbers.servers);
    const maxReplicas = this.#coin() ? 1 : this.#random(2, 3);
    server.replicas = maxReplicas;
    delete this.#object("Deployment", name).spec?.replicas;
    const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name };
    this.files.set("manifests/hpa.yaml", [
      {
        apiVersion: "autoscaling/v2",
        kind: "HorizontalPodAutoscaler",
        metadata: { name: `${name}-scaler`, namespace: "writing" },
        spec: { scaleTargetRef, minReplicas: 1, maxReplicas },
      },
    ]);
    return {
      text: `${name} scaled up to ${maxReplicas}`,
      fields: [[`HorizontalPodAutoscaler writing/${name}-scaler`, "spec.maxReplicas"]],
    };
  }

  pool(): Edit {
    const [name, server] = this.#pick(this.numbers.servers);
    server.pool = this.#atMost(server.pool);
    this.#environment(name, "DB_POOL_MAX_PER_SERVER", String(server.pool));
    const annotations = this.#object("Deployment", name).spec?.template?.metadata.annotations;
    if (annotations) annotations["weir.dev/pool-limit"] = String(server.pool);
    return {
      text: `${name} with a pool of ${server.pool}`,
      fields: [[`Deployment writing/${name}`, "spec.template.spec.containers[0].env["]],
    };
  }

  strategy(): Edit {
    const [name, server] = this.#pick(this.numbers.servers);
    server.overlap = this.#coin();
    server.replicas = this.#atMost(server.overlap ? 1 : 2, 1);
    const { spec } = this.#object("Deployment", name);
    const type = server.overlap ? "RollingUpdate" : "Recreate";
    if (spec) {
      spec.replicas = server.replicas;
      spec.strategy = { type };
    }
    return {
      text: `${type} of ${server.replicas} replicas of ${name}`,
      fields: [
        [`Deployment writing/${name}`, "spec.replicas"],
        [`Deployment writing/${name}`, "spec.strategy"],
      ],
    };
  }

  /** A second Deployment on the line of the first, and a wider bulkhead for both. */
  copy(): Edit {
    const [name, server] = this.#pick(this.numbers.servers);
    this.numbers.servers.set("copy", { ...server });
    const copy = structuredClone(this.#object("Deployment", name));
    copy.metadata.name = "copy";
    this.files.set("manifests/copy.yaml", [copy]);
    const { text, fields } = this.#widen(server.line, 10 + 2 * server.pool);
    return {
      text: `a copy of ${name}, and ${text}`,
      fields: [["Deployment writing/copy", "spec."], ...fields],
    };
  }

  /** A server on another's line, and a wider bulkhead there. */
  url(): Edit {
    const [name, server] = this.#pick(this.numbers.servers);
    const others = [...this.numbers.lines].filter(
      ([line]) => line !== server.line && line !== "maintenance",
    );
    const [other] = this.#pick(new Map(others));
    server.line = other;
    this.#environment(
      name,
      "DATABASE_URL",
      `postgresql://${name}@writing-pgbouncer.writing.svc:6432/${other}`,
    );
    this.#environment(name, "PGDATABASE", other);
    const { text, fields } = this.#widen(other, 20);
    return {
      text: `${name} on line ${other}, and ${text}`,
      fields: [[`Deployment writing/${name}`, "spec.template.spec.containers[0].env["], ...fields],
    };
  }

  reserve(): Edit {
    const { reserve } = this.numbers;
    const what = (["consoles", "logins", "maintenance"] as const)[this.#random(0, 2)] ?? "logins";
    reserve[what] = this.#atMost(reserve[what] + 90);
    const list = Object.entries(reserve).map(([key, value]) => `${key}=${value}`);
    return this.#annotate("weir.dev/reserve", list.join(","));
  }

  share(): Edit {
    this.numbers.share = this.#atLeast(96);
    return this.#annotate("weir.dev/postgres-connections", String(this.numbers.share));
  }

  #coin(): boolean {
    return this.#random(0, 1) === 1;
  }

  /** Up to the most that fits, or over it. */
  #atMost(most: number, by = 2): number {
    return this.#coin() ? Math.max(1, most - this.#random(0, by)) : most + this.#random(1, by);
  }

  /** From the least that fits, or under it. */
  #atLeast(least: number): number {
    return this.#coin() ? least + this.#random(0, 2) : least - this.#random(1, 2);
  }

  #widen(name: string, needed: number): Edit {
    const line = this.numbers.lines.get(name);
    if (line === undefined) throw new Error(`no line ${name}`);
    line.clients = this.#atLeast(needed);
    return this.#editLine(name, "max_db_client_connections", line.clients);
  }

  #annotate(annotation: string, value: string): Edit {
    const { annotations } = this.#object("StatefulSet", "writing-pgbouncer").metadata;
    if (annotations) annotations[annotation] = value;
    return {
      text: `${annotation}: ${value}`,
      fields: [["StatefulSet writing/writing-pgbouncer", `metadata.annotations["${annotation}"]`]],
    };
  }

  #editLine(name: string, key: string, value: number): Edit {
    this.#ini((ini) => ini.replace(new RegExp(`^(${name} = .* ${key}=)\\d+`, "m"), `$1${value}`));
    return { text: `line ${name} ${key}=${value}`, fields: [[this.#config(), `${name} ${key}`]] };
  }

  #environment(deployment: string, name: string, value: string): void {
    const env = this.#object("Deployment", deployment).spec?.template?.spec.containers[0]?.env;
    const entry = env?.find((each) => each.name === name);
    if (entry === undefined) throw new Error(`${deployment} has no ${name}`);
    entry.value = value;
  }

  #ini(edited: (ini: string) => string): void {
    const { data } = this.#configMap();
    if (data) data["common.ini"] = edited(data["common.ini"] ?? "");
  }

  #config(): string {
    return `ConfigMap writing/${this.#configMap().metadata.name}`;
  }

  #configMap(): EditedObject {
    return this.#find((object) => object.kind === "ConfigMap");
  }

  #object(kind: string, name: string): EditedObject {
    return this.#find((object) => object.kind === kind && object.metadata.name === name);
  }

  #find(isIt: (object: EditedObject) => boolean): EditedObject {
    const found = [...this.files.values()].flat().find(isIt);
    if (found === undefined) throw new Error("no such object");
    return found;
  }

  #pick<T>(values: ReadonlyMap<string, T>): readonly [string, T] {
    const entries = [...values];
    const entry = entries[this.#random(0, entries.length - 1)];
    if (entry === undefined) throw new Error("nothing to choose from");
    return entry;
  }
}
