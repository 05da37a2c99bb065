import { expect, it, test } from "vitest";
import { composeSources } from "./composeSources.ts";

/**
 * The projects among files, each as the names of its files, and the notes about them.
 *
 * @param texts by path; `.env` files are beside the others, not given
 */
function projectsIn(texts: Readonly<Record<string, string>>, { named = false } = {}) {
  const given = Object.entries(texts).filter(([name]) => !name.endsWith(".env"));
  const { projects, others, notes } = composeSources(
    given.map(([name, text]) => ({ name, text })),
    () => named,
    { textOf: (path) => texts[path] },
  );
  const names = projects.map((project) => project.map(({ name }) => name));
  return { projects: names, others: others.map(({ name }) => name), notes };
}

const DB = "services: { db: { image: postgres } }";
const APP = "services: { app: { image: example/app } }";
const OVER = "services: { db: { command: postgres -N 9 } }";

test("of a folder the files that docker compose would choose are read", () => {
  const found = projectsIn({
    "shop/docker-compose.yml": DB,
    "shop/docker-compose.override.yml": OVER,
    "shop/docker-compose.dev.yml": APP,
    "shop/deployment.yaml": "kind: Deployment",
  });
  expect(found.projects).toEqual([["shop/docker-compose.yml", "shop/docker-compose.override.yml"]]);
  expect(found.others).toEqual(["shop/deployment.yaml"]);
  expect(found.notes).toEqual([expect.stringMatching(/^Left out: shop\/docker-compose.dev.yml: /)]);
});

test.each([
  [
    "compose.yaml before docker-compose.yml",
    { "docker-compose.yml": DB, "compose.yaml": APP },
    [["compose.yaml"]],
  ],
  [
    "each alone where none has its default name",
    { "a.compose.yml": DB, "b.compose.yml": APP },
    [["a.compose.yml"], ["b.compose.yml"]],
  ],
  [
    "one of each folder",
    { "a/compose.yml": DB, "b/compose.yml": APP },
    [["a/compose.yml"], ["b/compose.yml"]],
  ],
  [
    "what COMPOSE_FILE names, in its order",
    { "compose.yaml": DB, "b.yaml": APP, "a.yaml": DB, ".env": "COMPOSE_FILE=b.yaml:a.yaml" },
    [["b.yaml", "a.yaml"]],
  ],
  [
    "what COMPOSE_FILE names with another separator",
    { "b.yaml": APP, "a.yaml": DB, ".env": "COMPOSE_PATH_SEPARATOR=;\nCOMPOSE_FILE=a.yaml;b.yaml" },
    [["a.yaml", "b.yaml"]],
  ],
])("of a folder: %s", (_, texts, projects) => {
  expect(projectsIn(texts).projects).toEqual(projects);
});

/** One that stands alone, and one after it. */
function pair(later: string, first = "first.yml", more: Readonly<Record<string, string>> = {}) {
  return { [first]: DB, "later.yml": later, ...more };
}

it.each([
  ["the first has docker compose's own name", pair(APP, "docker-compose.yml")],
  ["a service of the same name", pair("services: { db: { image: postgres:17 } }")],
  ["depends_on", pair("services: { app: { image: a, depends_on: [ db ] } }")],
  [
    "depends_on with a condition",
    pair("services: { app: { image: a, depends_on: { db: { condition: service_healthy } } } }"),
  ],
  ["links", pair(`services: { app: { image: a, links: [ "db:store" ] } }`)],
  ["extends", pair("services: { app: { extends: { service: db } } }")],
  [
    "a URL",
    pair("services: { app: { image: a, environment: { URL: 'postgres://me@db:5432/app' } } }"),
  ],
  ["a host", pair("services: { app: { image: a, environment: [ DB_HOST=db ] } }")],
  [
    "a host in a connection string",
    pair("services: { app: { image: a, environment: [ 'DSN=host=db port=5432' ] } }"),
  ],
  ["COMPOSE_FILE", pair(APP, "first.yml", { ".env": "COMPOSE_FILE=first.yml:later.yml" })],
])("named files of one folder are one project: %s", (_, texts) => {
  const given = Object.keys(texts).filter((name) => name !== ".env");
  const { projects, notes } = projectsIn(texts, { named: true });
  expect(projects).toEqual([given]);
  expect(notes).toEqual([expect.stringContaining("Read as one project: docker compose -f ")]);
});

it.each([
  ["nothing of the other", pair(APP)],
  [
    "its name as another's word",
    pair("services: { app: { image: a, environment: { PGDATABASE: db } } }"),
  ],
  [
    "its name in another host",
    pair(
      "services: { app: { image: a, environment: { URL: 'postgres://me@db.example:5432/app' } } }",
    ),
  ],
  [
    "the same service elsewhere",
    pair("services: { app: { extends: { file: other.yml, service: db } } }"),
  ],
  ["another folder", { "a/compose.yaml": DB, "b/compose.yaml": OVER }],
])("named files are projects of their own: %s", (_, texts) => {
  const { projects, notes } = projectsIn(texts, { named: true });
  expect(projects).toEqual(Object.keys(texts).map((name) => [name]));
  expect(notes).toEqual([]);
});

test("three files are one project, in their order", () => {
  const texts = {
    "docker-compose.yml": DB,
    "docker-compose.pooler.yml": "services: { pooler: { image: pgbouncer, depends_on: [ db ] } }",
    "docker-compose.dev.yml": OVER,
  };
  expect(projectsIn(texts, { named: true }).projects).toEqual([Object.keys(texts)]);
});
