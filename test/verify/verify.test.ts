import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { main, processShell } from "../../src/cli/main.ts";
import { weir, type World } from "../fleets/fakeShell.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples");

const INCIDENT = Object.fromEntries(
  readdirSync(join(EXAMPLES, "incident")).map((name) => [
    `incident/${name}`,
    readFileSync(join(EXAMPLES, "incident", name), "utf8"),
  ]),
);

async function verify(words: readonly string[], world: World) {
  return await weir(["verify", ...words], world);
}

describe("the incident's own manifests", () => {
  it("are broken, and it says why", async () => {
    const { exitCode, out, err } = await verify(["incident"], { files: INCIDENT });
    expect([exitCode, err]).toEqual([3, "weir verify: broken: 1 finding\n"]);
    await expect(out).toMatchFileSnapshot("golden/incident.txt");
  });

  it("are shown in colour on a terminal", async () => {
    const world = { files: INCIDENT, colour: true, columns: 80 };
    const { out } = await verify(["incident"], world);
    await expect(out).toMatchFileSnapshot("golden/incident-colour.txt");
  });

  it("can be read by machines", async () => {
    const { exitCode, out } = await verify(["incident", "--output", "json"], { files: INCIDENT });
    expect(exitCode).toBe(3);
    await expect(out).toMatchFileSnapshot("golden/incident.json");
  });

  it("can be read by code scanning", async () => {
    const { exitCode, out } = await verify(["incident", "--output", "sarif"], { files: INCIDENT });
    expect(exitCode).toBe(3);
    await expect(out).toMatchFileSnapshot("golden/incident.sarif");
  });

  it("would fit with pools of 19 and a known Postgres", async () => {
    const files = Object.fromEntries(
      Object.entries(INCIDENT).map(([name, text]) => [name, text.replaceAll('"20"', '"19"')]),
    );
    const share = "Deployment writing/pgbouncer:weir.dev/postgres-connections";
    const told = (count: number) =>
      verify(["incident", "--annotate", `${share}=${count}`], { files });
    expect(await verify(["incident"], { files })).toMatchObject({ exitCode: 4 });
    // 2 generations of 1 process × 20
    expect(await told(40)).toMatchObject({ exitCode: 0, err: "" });
    expect(await told(39)).toMatchObject({ exitCode: 3 });
  });
});

/** One PgBouncer, and one server before it with this in its pod. */
function shop(pod: { readonly annotations?: string; readonly env?: string }): string {
  return `apiVersion: v1
kind: ConfigMap
metadata: { name: pgbouncer, namespace: shop }
data:
  pgbouncer.ini: |
    [databases]
    shop = host=pg.example.com user=shop pool_size=10
    [pgbouncer]
    max_client_conn = 50
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: pgbouncer
  namespace: shop
  annotations: { weir.dev/postgres-connections: "20" }
spec:
  serviceName: pgbouncer
  selector: { matchLabels: { app: pgbouncer } }
  template:
    metadata: { labels: { app: pgbouncer } }
    spec:
      containers:
        - name: pgbouncer
          image: example/pgbouncer:1.24
          ports: [{ containerPort: 6432 }]
          volumeMounts: [{ name: config, mountPath: /etc/pgbouncer }]
      volumes: [{ name: config, configMap: { name: pgbouncer } }]
---
apiVersion: v1
kind: Service
metadata: { name: pgbouncer, namespace: shop }
spec: { selector: { app: pgbouncer }, ports: [{ port: 5432, targetPort: 6432 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, namespace: shop }
spec:
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api }, annotations: { ${pod.annotations ?? ""} } }
    spec:
      containers:
        - name: api
          image: example/api:1
          env:
            - { name: DATABASE_URL, value: "postgresql://api@pgbouncer/shop" }
            ${pod.env ?? ""}
`;
}

const HIDDEN = { "shop.yaml": shop({}) };

describe("what the manifests don't tell", () => {
  it("is named with the object and how to tell it, and nothing is guessed", async () => {
    const { exitCode, out, err } = await verify(["shop.yaml"], { files: HIDDEN });
    expect([exitCode, err]).toEqual([4, "weir verify: cannot tell: 1 missing\n"]);
    await expect(out).toMatchFileSnapshot("golden/shop.txt");
  });

  // 2 generations × 20 + 10 reserved = 50
  test.each([
    [20, 0],
    // 2 generations × 25 leave no place for anybody else.
    [24, 0],
    [25, 3],
  ])(
    "can be told by flag, by annotation or in the environment: a pool of %i",
    async (pool, code) => {
      const tell = `Deployment shop/api:weir.dev/pool-max=${pool}`;
      const byFlag = await verify(["shop.yaml", "--annotate", tell], { files: HIDDEN });
      // The name of the flag before it had that one.
      expect(await verify(["shop.yaml", "--tell", tell], { files: HIDDEN })).toEqual(byFlag);
      const annotated = shop({ annotations: `weir.dev/pool-max: "${pool}"` });
      const byAnnotation = await verify(["-"], { files: { "-": annotated } });
      const written = shop({ env: `- { name: DB_POOL_MAX, value: "${pool}" }` });
      const byEnvironment = await verify(["-"], { files: { "-": written } });
      expect([byFlag, byAnnotation, byEnvironment].map(({ exitCode }) => exitCode)).toEqual([
        code,
        code,
        code,
      ]);
    },
  );

  it("is where a client goes whose Service leads to no port of its PgBouncer", async () => {
    const text = shop({ annotations: 'weir.dev/pool-max: "20"' }).replace(", targetPort: 6432", "");
    const { exitCode, out } = await verify(["-"], { files: { "-": text } });
    expect(exitCode).toBe(4);
    expect(out).toContain("Missing: where DATABASE_URL of Deployment shop/api leads");
  });

  it("is everybody, where no client is among the manifests", async () => {
    const [config, pgbouncer] = shop({}).split("---\n");
    const { exitCode, out } = await verify(["-"], { files: { "-": `${config}---\n${pgbouncer}` } });
    expect(exitCode).toBe(4);
    expect(out).toContain("who connects to StatefulSet shop/pgbouncer");
  });

  it("is everything where there is no PgBouncer", async () => {
    const files = { "a.yaml": "apiVersion: v1\nkind: Service\nmetadata: { name: a }\n" };
    const { exitCode, out, err } = await verify(["a.yaml"], { files });
    expect([exitCode, err]).toEqual([4, "weir verify: nothing to prove: no PgBouncer found\n"]);
    expect(out).toContain("Cannot tell: no PgBouncer found in 1 object");
    expect(out).toContain("weir looks for");
    const sarif = await verify(["a.yaml", "--output", "sarif"], { files });
    expect(sarif.out).toContain("No PgBouncer was found");
  });
});

describe("bad input ends with 2", () => {
  test.each<[string, readonly string[], World["files"], string]>([
    ["a file that is not there", ["b.yaml"], {}, "b.yaml: there is no such file\n"],
    [
      "a folder without manifests",
      ["a"],
      { "a/README.md": "" },
      "a: has no *.yaml, *.yml, *.json or *.ini in it\n",
    ],
    [
      "a file that is not there, and a wrong option",
      ["b.yaml", "--annotate", "api:pool-max=1"],
      {},
      "--annotate: weir reads no annotation pool-max; did you mean weir.dev/pool-max?\nb.yaml: there is no such file\n",
    ],
    ["standard input twice", ["-", "-"], { "-": "" }, "standard input (-) can be read once only\n"],
    [
      "an object that is not there",
      ["shop.yaml", "--annotate", "Deployment shop/apis:weir.dev/pool-max=1"],
      HIDDEN,
      "--annotate: there is no Deployment shop/apis; did you mean Deployment shop/api?\n",
    ],
  ])("%s", async (_, words, files = {}, message) => {
    expect(await verify(words, { files })).toEqual({ exitCode: 2, out: "", err: message });
  });

  it("YAML that can't be read, all of it at once", async () => {
    const files = { "a/1.yaml": "a: [", "a/2.yaml": "b: {{ .Values.b }}: c" };
    const { exitCode, out, err } = await verify(["a"], { files });
    expect([exitCode, out]).toEqual([2, ""]);
    expect(err).toMatch(/^a\/1\.yaml:\d+:\d+: .*/m);
    expect(err).toMatch(/^a\/2\.yaml:\d+:\d+: .*/m);
  });

  it("no path, and an option that is not there", async () => {
    expect(await verify([], {})).toMatchObject({ exitCode: 2, out: "" });
    expect(await verify(["a", "--force"], {})).toMatchObject({ exitCode: 2, out: "" });
  });
});

it("reads folders with all that is below, but what is hidden or of others", async () => {
  const [config, ...rest] = shop({ annotations: 'weir.dev/pool-max: "20"' }).split("---\n");
  const files = {
    "deploy/a/config.yml": config ?? "",
    "deploy/all.yaml": rest.join("---\n"),
    "deploy/.git/broken.yaml": "a: [",
    "deploy/node_modules/x/broken.json": "a: [",
    "deploy/README.md": "a: [",
  };
  expect(await verify(["deploy/", "./deploy/all.yaml"], { files })).toMatchObject({ exitCode: 0 });
});

it("reads the folders of a real file system", async () => {
  const out: string[] = [];
  const shell = { ...processShell(), out: (text: string) => void out.push(text), err: () => {} };
  expect(await main(["verify", join(EXAMPLES, "incident")], shell)).toBe(3);
  expect(await main(["verify", join(EXAMPLES, "../manifests")], shell)).toBe(0);
  expect(out.join("")).toContain("line scene");
});

describe("documents that are no objects", () => {
  it("prove nothing: another program's ini is no PgBouncer", async () => {
    const { exitCode, err } = await verify(["php.ini"], { files: { "php.ini": "[PHP]\nx = 5\n" } });
    expect([exitCode, err]).toEqual([4, "weir verify: nothing to prove: no PgBouncer found\n"]);
  });

  it("are told of, so that a slip shows", async () => {
    const files = { "a.yaml": `${shop({})}---\nreplicas: 3\n`, "b.yaml": "x: 1\n---\ny: 2\n" };
    const { out } = await verify(["a.yaml", "b.yaml"], { files });
    expect(out.replaceAll(/\s+/g, " ")).toContain(
      "! Left out: 3 documents in a.yaml, b.yaml: no object of Kubernetes",
    );
  });
});

/** A client of a compose file, with what it says of profiles. */
function profiledClient(profiles: string): string {
  return `
    image: example/app
    environment: { DATABASE_URL: "postgres://app:x@pooler:6432/app", DB_POOL_MAX: "20" }
    labels: { weir.dev/processes-per-pod: "1" }
    ${profiles}`;
}

describe("the profiles of a compose file", () => {
  const files = {
    "compose.yaml": `services:
  pooler:
    image: edoburu/pgbouncer
    environment: { DB_HOST: db, DB_USER: app, DB_NAME: app, DEFAULT_POOL_SIZE: "10", MAX_CLIENT_CONN: "50", LISTEN_PORT: "6432" }
  db: { image: "postgres:17" }
  api: ${profiledClient("")}
  jobs: ${profiledClient("profiles: [jobs]")}
  report: ${profiledClient("profiles: [report, night]")}
`,
  };
  const all = ["service api", "service jobs", "service report"];

  it.each([
    ["are counted as started where none is named", [], all],
    ["are counted where they are named", ["jobs"], ["service api", "service jobs"]],
    ["are counted by any of their names", ["night"], ["service api", "service report"]],
    ["may be several", ["jobs", "report"], all],
    ["leave out all others where there is none of that name", ["none"], ["service api"]],
  ])("%s: %j", async (_, profiles, clients) => {
    const options = profiles.flatMap((name) => ["--profile", name]);
    const { exitCode, out } = await verify(["compose.yaml", ...options], { files });
    expect(exitCode).toBe(clients.length > 2 ? 3 : 0);
    const counted = all.filter((key) => out.includes(`${key}, container`));
    expect(counted).toEqual(clients);
    expect(out.includes("Services of profiles are counted as started")).toBe(profiles.length === 0);
  });

  const [api, jobs, report] = all;
  it.each([
    ["leaves out those of others", ".env", "jobs", [], [api, jobs], "Left out: report"],
    ["names several", ".env", "jobs, night", [], all, ""],
    ["names all", ".env", "*", [], all, ""],
    ["is not set", ".env", "", [], all, "Services of profiles are counted as started"],
    ["stands beside --profile", ".env", "jobs", ["--profile", "night"], [api, report], ""],
    [
      "stands in another file",
      "other.env",
      "jobs",
      [],
      all,
      "Services of profiles are counted as started",
    ],
  ])("COMPOSE_PROFILES %s: %s", async (_, env, value, options, clients, note) => {
    const given = { ...files, [env]: `COMPOSE_PROFILES=${value}\n` };
    const { out } = await verify(["compose.yaml", ...options], { files: given });
    expect(all.filter((key) => out.includes(`${key}, container`))).toEqual(clients);
    const said = /Left out: \w+|Services of profiles are counted as started/.exec(out)?.[0] ?? "";
    expect(said).toBe(note);
  });
});
