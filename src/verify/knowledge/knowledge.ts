import { parse } from "yaml";
import { z } from "zod";
import { readSimpleYaml } from "../../fleet/simpleYaml.ts";
import { PROGRAM_FIELDS, WORKER_FIELDS, WRAPPER_FIELDS } from "./programFields.ts";

/** Each row of a table: a product, and where the facts about it can be read. */
const ROW = z.strictObject({ name: z.string().min(1), source: z.url() });

const NAMES = z.array(z.string().min(1)).min(1).optional();
const TEXTS = z.record(z.string(), z.string()).optional();
const COUNT = z.int().nonnegative().optional();

/** The tables of knowledge/, by their files' names: the fields of a row of each. */
const TABLES = {
  "pgbouncer-images": ROW.extend({
    images: NAMES,
    watches: z.literal(true).optional(),
    marks: NAMES,
    inis: NAMES,
    entrypoints: NAMES,
    settings: TEXTS,
    line: TEXTS,
    prefixes: z.strictObject({ settings: z.string(), line: z.string() }).optional(),
    unread: NAMES,
    lineName: z
      .strictObject({
        variable: z.string(),
        default: z.string(),
      })
      .optional(),
    defaults: z.strictObject({ settings: TEXTS, line: TEXTS }).optional(),
    unknown: NAMES,
    urls: NAMES,
    dsns: z.string().optional(),
    switches: z
      .record(
        z.string(),
        z.strictObject({ key: z.string(), variable: z.string(), default: z.string() }),
      )
      .optional(),
    files: z.strictObject({ variables: NAMES, harmless: NAMES }).optional(),
  }),
  "pool-libraries": ROW.extend({
    sizes: NAMES,
    threads: NAMES,
    parameters: NAMES,
    overflow: z
      .strictObject({ variables: NAMES, parameters: NAMES, beyond: NAMES, default: COUNT })
      .optional(),
    marks: NAMES,
    words: z
      .array(z.string().regex(/^[A-Z0-9]+$/))
      .min(1)
      .optional(),
    schemes: NAMES,
    images: NAMES,
    default: COUNT,
    always: COUNT,
  }),
  "postgres-images": ROW.extend({
    images: NAMES,
    programs: NAMES,
    entrypoints: NAMES,
    variables: z.record(z.string(), z.array(z.string().min(1)).min(1)).optional(),
    flags: NAMES,
    files: NAMES,
    computes: NAMES,
    unless: z.string().optional(),
  }),
  "chart-secrets": ROW.extend({
    fields: z.array(z.string().min(1)).min(1),
    holds: z.enum(["environment", "files", "settings"]),
    brings: NAMES,
    unless: NAMES,
  }),
  exposures: ROW.extend({
    annotations: NAMES,
    contains: z.string().min(1).optional(),
    unless: NAMES,
  }),
  injectors: ROW.extend({
    annotations: NAMES,
    values: NAMES,
    variables: NAMES,
    drivers: NAMES,
    images: NAMES,
    fetches: NAMES,
    runs: NAMES,
  }),
  "configuration-files": ROW.extend({
    list: z.string().min(1),
    when: z.record(z.string(), z.array(z.string().min(1)).min(1)),
    address: z.array(z.string().min(1)).min(1),
    database: NAMES,
    user: NAMES,
    size: z.string().min(1),
    sizeVariable: z.string().min(1).optional(),
    default: z.int().positive(),
  }),
  "environment-files": ROW.extend({
    calls: NAMES,
    flags: NAMES,
    reads: NAMES,
    plain: NAMES,
    folders: NAMES,
    words: NAMES,
  }),
  forwarders: ROW.extend({ images: z.array(z.string().regex(/^[\w-]+$/)).min(1) }),
  kinds: ROW.extend({
    groups: z.array(z.string()).min(1),
    kinds: NAMES,
    effect: z.enum(["none", "data", "routes", "exports", "names", "unrendered"]),
    render: z.string().min(1).optional(),
  }),
  mounts: ROW.extend({ paths: NAMES, files: NAMES }),
  poolers: ROW.extend({
    images: NAMES,
    watches: z.literal(true).optional(),
    programs: NAMES,
    files: NAMES,
    kinds: NAMES,
  }),
  programs: ROW.extend(PROGRAM_FIELDS),
  proxies: ROW.extend({
    images: z.array(z.string().min(1)).min(1),
    programs: NAMES,
    listens: NAMES,
    upstreams: z.array(z.string().min(1)).min(1),
    passes: NAMES,
  }),
  stores: ROW.extend({
    words: z
      .array(z.string().regex(/^[A-Z0-9_]+$/))
      .min(1)
      .optional(),
    schemes: z
      .array(z.string().regex(/^[a-z][a-z0-9-]*$/))
      .min(1)
      .optional(),
    pooled: z.literal(true).optional(),
    beside: z.literal(true).optional(),
    ports: z.array(z.int().positive()).min(1).optional(),
    postgres: z
      .array(z.string().regex(/^[A-Z0-9_]+$/))
      .min(1)
      .optional(),
  }),
  workers: ROW.extend(WORKER_FIELDS),
  wrappers: ROW.extend(WRAPPER_FIELDS),
  secrets: ROW.extend({
    kind: z.string().regex(/^[\w.-]+\/\w+$/),
    secret: z.string().min(1),
    each: z.string().optional(),
    when: NAMES,
    unless: NAMES,
    values: z
      .record(z.string(), z.strictObject({ fields: NAMES, default: z.string().optional() }))
      .optional(),
    keys: z.record(z.string(), z.string()),
  }),
} as const satisfies Record<string, z.ZodType>;

type TableName = keyof typeof TABLES;

/** What weir knows of others' products: the rows of each table of knowledge/. */
export type Knowledge = {
  readonly [Table in TableName]: readonly z.infer<(typeof TABLES)[Table]>[];
};

/**
 * Reads all tables.
 *
 * @param textOf the text of a table by its name: that of knowledge/NAME.yaml
 * @throws Error for a row that has an unknown field, a wrong one or no source, with file and row
 */
export function readKnowledge(textOf: (table: string) => string): Knowledge {
  const rowsOf = <Row>(table: TableName, row: z.ZodType<Row>): readonly Row[] =>
    checkedRows(table, rowsIn(textOf(table)), row);
  return {
    "pgbouncer-images": rowsOf("pgbouncer-images", TABLES["pgbouncer-images"]),
    "pool-libraries": rowsOf("pool-libraries", TABLES["pool-libraries"]),
    "postgres-images": rowsOf("postgres-images", TABLES["postgres-images"]),
    "chart-secrets": rowsOf("chart-secrets", TABLES["chart-secrets"]),
    exposures: rowsOf("exposures", TABLES.exposures),
    injectors: rowsOf("injectors", TABLES.injectors),
    "configuration-files": rowsOf("configuration-files", TABLES["configuration-files"]),
    "environment-files": rowsOf("environment-files", TABLES["environment-files"]),
    forwarders: rowsOf("forwarders", TABLES.forwarders),
    kinds: rowsOf("kinds", TABLES.kinds),
    mounts: rowsOf("mounts", TABLES.mounts),
    poolers: rowsOf("poolers", TABLES.poolers),
    programs: rowsOf("programs", TABLES.programs),
    proxies: rowsOf("proxies", TABLES.proxies),
    stores: rowsOf("stores", TABLES.stores),
    workers: rowsOf("workers", TABLES.workers),
    wrappers: rowsOf("wrappers", TABLES.wrappers),
    secrets: rowsOf("secrets", TABLES.secrets),
  };
}

/**
 * The list in a text. A table is read for each command: its simple rows are read quickly, and the
 * others by a whole parser, in their lines.
 */
function rowsIn(text: string): unknown {
  const [before = "", ...pieces] = text.split(/^(?=- )/m);
  if (/^[^#\s]/m.test(before)) return parse(text);
  // The quick reader takes mappings.
  const rows = pieces.map((piece) => readSimpleYaml(`rows:\n${piece}`)?.["rows"]);
  if (!rows.includes(undefined)) return rows.flat();
  const others: unknown = parse(
    linesOf(before) +
      pieces.map((piece, at) => (rows[at] === undefined ? piece : linesOf(piece))).join(""),
  );
  if (!Array.isArray(others)) return others;
  const rest = others.values();
  return rows.flatMap((row) => row ?? rest.next().value);
}

/** The line breaks of a text. */
function linesOf(text: string): string {
  return text.replaceAll(/[^\n]/g, "");
}

function checkedRows<Row>(table: string, rows: unknown, row: z.ZodType<Row>): readonly Row[] {
  const { data, error } = z.array(row).safeParse(rows);
  if (error === undefined) return data;
  const [issue] = error.issues;
  const [index, ...field] = issue?.path ?? [];
  const which = index === undefined ? "" : ` row ${Number(index) + 1}`;
  const where = field.length === 0 ? "" : `, ${field.join(".")}`;
  throw new Error(`knowledge/${table}.yaml:${which}${where}: ${issue?.message}`);
}
