import { describe, expect, it } from "vitest";
import {
  APP_INI,
  clientShape,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";

const POOLER = poolerText(APP_INI);
const NAME = "Deployment db/app, container server";
const TO = "Deployment db/pooler";
const NO_MIGRATE = "how many connections a process of container migrate opens";

/** A container whose variable a Secret holds that is not there. */
const secret = (name: string): string =>
  deploymentText({}).replace(
    "env: []",
    `env: [{ name: ${name}, valueFrom: { secretKeyRef: { name: s, key: k } } }]`,
  );

const annotated = (value: string, env: Readonly<Record<string, string>> = {}): unknown => {
  const annotations = { "Deployment db/app": { "weir.dev/connects-to": value } };
  const system = systemIn(POOLER + deploymentText({ POOL_MAX: "2", ...env }), annotations);
  return [...system.clients.map(clientShape), ...system.missing.map(({ what }) => what)];
};

describe("weir.dev/connects-to", () => {
  it.each([
    ["pooler:6432/app?user=me", [[NAME, 1, 2, TO, "app", "me"]]],
    ["server=pooler:6432/app?user=me", [[NAME, 1, 2, TO, "app", "me"]]],
    [
      "other=none",
      [
        expect.stringContaining(
          "where container server of Deployment db/app opens the connections",
        ),
      ],
    ],
    ["none", []],
    [
      "pooler/a?user=x pooler/b?user=x",
      [
        [NAME, 1, 2, TO, "a", "x"],
        [NAME, 1, 2, TO, "b", "x"],
      ],
    ],
    ["/app", ["where container server connects: weir.dev/connects-to can't be read"]],
  ])("%s", (value, expected) => {
    expect(annotated(value)).toEqual(expected);
  });

  const URL = { DATABASE_URL: "postgres://a@pooler/app?connection_limit=7" };

  it.each([
    // Of the container by its name: before what is written, whose pool it keeps.
    ["server=none", []],
    ["server=pooler:6432/app?user=a", [[NAME, 1, 7, TO, "app", "a"]]],
    ["server=pooler:6432/b?user=x", [[NAME, 1, 7, TO, "b", "x"]]],
    ["server=pg.example.com/app", [[NAME, 1, 2, "pg.example.com:5432"]]],
    // Of the pod as a whole: nothing that is known is dropped.
    ["none", [[NAME, 1, 7, TO, "app", "a"]]],
    ["pooler:6432/app?user=a", [[NAME, 1, 7, TO, "app", "a"]]],
    [
      "pg.example.com/app",
      [
        [NAME, 1, 7, TO, "app", "a"],
        [NAME, 1, 2, "pg.example.com:5432"],
      ],
    ],
    [
      "other=none,pooler:6432/b",
      [
        [NAME, 1, 7, TO, "app", "a"],
        "where container server connects: weir.dev/connects-to can't be read",
      ],
    ],
  ])("%s, where its environment tells of a connection", (value, expected) => {
    expect(annotated(value, URL)).toEqual(expected);
  });

  it("fills in a login that is hidden", () => {
    const text = deploymentText({}).replace(
      "env: []",
      `env:
            - { name: U, valueFrom: { secretKeyRef: { name: s, key: u } } }
            - { name: DATABASE_URL, value: "postgres://$(U)@pooler/app?connection_limit=7" }`,
    );
    const annotations = { "Deployment db/app": { "weir.dev/connects-to": "pooler/app?user=me" } };
    expect(systemIn(POOLER + text, annotations).clients.map(clientShape)).toEqual([
      [NAME, 1, 7, TO, "app", "me"],
    ]);
  });

  const migrate = `
      initContainers:
        - name: migrate
          image: app
          env:
            - { name: DATABASE_URL, valueFrom: { secretKeyRef: { name: s, key: k } } }`;
  const withMigrate = (value?: string) =>
    systemIn(
      POOLER + deploymentText(URL, migrate),
      value === undefined ? {} : { "Deployment db/app": { "weir.dev/connects-to": value } },
    );

  it("is advised by the container's name where a pod has several", () => {
    expect(withMigrate().missing.map(({ remedy }) => remedy)).toEqual([
      'annotate it with weir.dev/connects-to: "migrate=host:port/database?user=login", or "migrate=none"',
    ]);
    expect(systemIn(POOLER + secret("DATABASE_URL")).missing.map(({ remedy }) => remedy)).toEqual([
      'annotate it with weir.dev/connects-to: "host:port/database?user=login", or "none"',
    ]);
  });

  it.each([
    ["migrate=none", [], []],
    ["none", [], [`${NAME} counts all the same`]],
    [
      "pooler/m?user=m",
      [["Deployment db/app, container migrate", 1, NO_MIGRATE, TO, "m", "m"]],
      [],
    ],
  ])("%s answers for what is not known, and the others keep their own", (value, more, notes) => {
    const { clients: found, missing, notes: said } = withMigrate(value);
    expect(found.map(clientShape)).toEqual([[NAME, 1, 7, TO, "app", "a"], ...more]);
    expect(missing).toEqual([]);
    expect(said).toEqual(notes.map((note) => expect.stringContaining(note)));
  });
});
