import { parse } from "yaml";
import { z } from "zod";

/** Each row of a table: a product, and where the facts about it can be read. */
const ROW = z.strictObject({ name: z.string().min(1), source: z.url() });

/** The tables of knowledge/, by their files' names: the fields of a row of each. */
const TABLES = {
  poolers: ROW.extend({ images: z.array(z.string()).min(1) }),
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
    checkedRows(table, parse(textOf(table)), row);
  return {
    poolers: rowsOf("poolers", TABLES.poolers),
  };
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
