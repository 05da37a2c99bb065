import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { beforeAll, expect, it } from "vitest";
import {
  clientOf,
  groupOf,
  lineOf,
  missing,
  objectNamed,
  poolerOf,
  postgresOf,
  systemOf,
} from "../../test/verify/systemOf.ts";
import { prove } from "../verify/proof/prove.ts";
import { RULES } from "../verify/proof/proof.ts";
import { sarifLog } from "./sarif.ts";

/** The schema of SARIF 2.1.0 (of draft 4, whose `id` ajv calls `$id`). */
const SCHEMA = new URL(
  "../../node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json",
  import.meta.url,
);

/** One of its patterns is none in Unicode's mode. */
const DRAFT_4 = { strict: false, validateFormats: false, unicodeRegExp: false, allErrors: true };

let errorsOf: (log: unknown) => unknown;

beforeAll(() => {
  const { $schema: _, id: __, ...schema } = JSON.parse(readFileSync(SCHEMA, "utf8"));
  const validate = new Ajv(DRAFT_4).compile(schema);
  errorsOf = (log) => (validate(log) ? [] : validate.errors);
});

const FULL = systemOf({
  poolers: [poolerOf("pooler", [groupOf({ lines: [lineOf("app", { maxClients: 95 })] })])],
  clients: [clientOf("a", 1, 96), clientOf("b", 1, missing("how much b opens"))],
  postgres: [postgresOf(4)],
});

it.each([
  ["a proof with findings and things missing", FULL],
  ["a proof that found nothing", systemOf({ poolers: [poolerOf("pooler", [groupOf()])] })],
  ["no PgBouncer", systemOf({ notes: ["read nothing"] })],
])("is valid SARIF 2.1.0 for %s", (_, system) => {
  expect(errorsOf(sarifLog(prove(system)))).toEqual([]);
});

it("says it where it is not valid, so that the test can fail", () => {
  expect(errorsOf({ version: "2.1.0", runs: [{ tool: {} }] })).not.toEqual([]);
});

it("has an error for each finding and a warning for what is missing, each at its line", () => {
  expect(sarifLog(prove(FULL))).toMatchObject({
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "weir" } },
        results: [
          { ruleId: "weir/clients-over-capacity", level: "error" },
          {
            ruleId: "weir/pool-over-bulkhead",
            ruleIndex: Object.keys(RULES).indexOf("weir/pool-over-bulkhead"),
            level: "error",
            message: { text: expect.stringContaining("at least 96 > 95") },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: "hand.yaml" },
                  region: { startLine: 1, startColumn: 1 },
                },
                logicalLocations: [{ fullyQualifiedName: "Deployment shop/a: spec.env" }],
              },
            ],
            relatedLocations: expect.arrayContaining([
              expect.objectContaining({
                message: { text: "ConfigMap shop/ini: data: app max_db_client_connections" },
              }),
            ]),
          },
          { ruleId: "weir/slots-over-postgres", level: "error" },
          {
            ruleId: "weir/missing",
            level: "warning",
            message: {
              text: "Missing: how much b opens. To supply it: annotate how much b opens.",
            },
          },
        ],
      },
    ],
  });
});

it.each([
  ["deploy/a b#1.yaml", "deploy/a%20b%231.yaml"],
  ["../up.yaml", "../up.yaml"],
  ["/srv/a b.yaml", "file:///srv/a%20b.yaml"],
])("names the file %s as the URI %s", (file, uri) => {
  const place = { object: { ...objectNamed("Deployment", "a"), file }, path: ["spec"] };
  const lacking = { ...missing("anything"), place };
  expect(JSON.stringify(sarifLog(prove(systemOf({ missing: [lacking] }))))).toContain(
    JSON.stringify({ uri }),
  );
});

it("has rules that the documentation lists, in the same words", () => {
  const page = readFileSync(new URL("../../docs/verify.md", import.meta.url), "utf8");
  for (const [rule, means] of Object.entries(RULES)) {
    expect(page).toContain(`| \`${rule}\` | ${means} |\n`);
  }
});
