import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parseAllDocuments, type Document } from "yaml";
import { readObjects } from "./readObjects.ts";
import { PRODUCTS } from "../../../test/verify/products.ts";
import { readSystem } from "./readSystem.ts";

const SERVERS = 500;

/** The CPU that it took; another's load doesn't count. */
function cpuOf(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

it("takes less than the time to parse the YAML of 500 servers", () => {
  const pooler = readFileSync("manifests/10-writing.writing-pgbouncer.yaml", "utf8");
  const server = readFileSync("manifests/20-writing.author.yaml", "utf8");
  const sources = [
    { name: "pooler.yaml", text: pooler },
    ...Array.from({ length: SERVERS }, (_, index) => ({
      name: `${index}.yaml`,
      text: server.replaceAll("author", `server-${index}`),
    })),
  ];
  const ours = cpuOf(() => {
    expect(readSystem(readObjects(sources).objects, PRODUCTS).clients).toHaveLength(SERVERS);
  });
  const parsing = cpuOf(() => {
    for (const { text } of sources) {
      const documents: Iterable<Document.Parsed> = parseAllDocuments(text);
      for (const document of documents) document.toJS();
    }
  });
  expect(ours).toBeLessThan(parsing);
});
