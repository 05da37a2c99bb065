import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { binary } from "../../tools/binaries/catalog.ts";
import { runProcess } from "../../tools/processes/processes.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { composedOf, type ComposeTexts } from "./composeFiles.ts";

/** weir reads compose projects as docker compose's own loader does, service by service. */

let loader: string;

beforeAll(async () => {
  loader = await binary("compose-loader");
});

const WORDS = z.array(z.string()).nullish();
const PORT = z.object({ target: z.int(), published: z.string().optional() });
const SERVICE = z.object({
  image: z.string().optional(),
  command: WORDS,
  entrypoint: WORDS,
  environment: z.record(z.string(), z.string().nullable()).nullish(),
  ports: z.array(PORT).optional(),
  scale: z.int().optional(),
  deploy: z.object({ replicas: z.int().optional() }).nullish(),
});
const PROJECT = z.object({ services: z.record(z.string(), SERVICE) });

/** Of the shell, for both. */
const SHELL = { FROM_SHELL: "shell" };

async function loaded(files: ComposeTexts) {
  const dir = await scratchDir("compose");
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text);
  }
  const [main = ""] = Object.keys(files);
  const out = await runProcess({ command: loader, args: [join(dir, main)], env: SHELL });
  const { services } = PROJECT.parse(JSON.parse(out));
  return Object.fromEntries(
    Object.entries(services).map(([name, service]) => {
      const { image = "", command, entrypoint, environment, ports = [], scale, deploy } = service;
      const variables = Object.entries(environment ?? {});
      return [
        name,
        {
          image,
          command: command ?? [],
          entrypoint: entrypoint ?? [],
          // One that nothing sets is not known to weir.
          environment: Object.fromEntries(
            variables.map(([key, value]) => [key, value ?? `variable ${key}`]),
          ),
          ports: ports.map(({ target, published = "0" }) => `${published}:${target}`).toSorted(),
          replicas: deploy?.replicas ?? scale ?? 1,
        },
      ];
    }),
  );
}

function read(files: ComposeTexts) {
  const { services } = composedOf(files, { shell: SHELL, profiles: [] });
  return Object.fromEntries(
    services.map(({ name, opened, published, workload }) => {
      const [container] = workload.containers;
      if (container === undefined) throw new Error(`${name} has no container`);
      const { image, command, args, environment } = container;
      return [
        name,
        {
          image,
          command: args.map(({ text }) => text.render()),
          entrypoint: command.map(({ text }) => text.render()),
          environment: Object.fromEntries(
            [...environment.variables].map(([key, one]) => [key, one.value.render()]),
          ),
          ports: opened
            .flatMap(({ ports }) => ports)
            .map((port) => {
              const [machine = 0] = published.find(([, inside]) => inside === port) ?? [];
              return `${machine}:${port}`;
            })
            .toSorted(),
          replicas: workload.pods.known ? workload.pods.value : workload.pods.what,
        },
      ];
    }),
  );
}

const BASE = `services:
  base:
    image: base:1
    command: serve --port 80
    entrypoint: ["/entry", "a b"]
    environment: { A: base, B: "1", URL: "postgres://u@$HOST/\${NAME:-app}" }
    ports: ["80:8000"]
    deploy: { replicas: 2 }
    volumes: ["./conf:/etc/conf", "data:/data"]
volumes: { data: {} }
`;

const PROJECTS: Readonly<Record<string, ComposeTexts>> = {
  "extends a service of the same file, over a chain": {
    "compose.yaml": `${BASE.replace("volumes: { data: {} }\n", "")}
  middle: { extends: { service: base }, environment: ["A=middle", "C"], ports: ["9001-9002:9001-9002"] }
  top:
    extends: middle
    image: top:2
    command: ["run", "it now"]
    environment: { C: top }
    deploy: { replicas: 4 }
volumes: { data: {} }
`,
    ".env": "HOST=pooler\n",
  },
  "extends a service of other files": {
    "compose.yaml": `services:
  api: { extends: { file: common/middle.yaml, service: middle }, environment: { A: api } }
`,
    "common/middle.yaml": `services:
  middle: { extends: { file: deeper/base.yaml, service: base }, env_file: middle.env, command: echo "$$A" '$NAME' }
`,
    "common/deeper/base.yaml": BASE.replace(
      "    volumes",
      "    env_file: [base.env]\n    volumes",
    ).replace(', "data:/data"', ""),
    "common/middle.env": "M=middle\nA=file\nHERE=$HOST\n",
    "common/deeper/base.env": "D=deep\nM=base\n",
    ".env": "HOST=outer\nNAME=named\n",
    "common/.env": "HOST=inner\n",
  },
  "includes a file with its own folder and variables": {
    "compose.yaml": `include: [sub/compose.yaml, { path: other/a.yaml, project_directory: other/dir, env_file: other/own.env }]
services:
  web: { image: "web:$TAG", environment: { FROM_SHELL: null, TAG: } }
`,
    "sub/compose.yaml": `services:
  sub: { image: "sub:$TAG", env_file: sub.env, environment: { HOST: "$HOST" } }
`,
    "sub/.env": "TAG=sub\nHOST=of-sub\n",
    "sub/sub.env": "S=$HOST\nQ='$HOST'\nW=\"x ${HOST}\"\n# comment\nexport E=1\n",
    "other/a.yaml": `services:
  other: { image: "other:\${TAG:-none}", env_file: [in.env], environment: { V: "$V" } }
`,
    "other/dir/in.env": "IN=dir\nAGAIN=${IN}-2\n",
    "other/own.env": "V=own\nTAG=third\n",
    ".env": "TAG=main\n",
  },
  "includes several files as one project": {
    "compose.yaml": `include:
  - path: [base.yaml, over.yaml, last.yaml]
services: { web: { image: web } }
`,
    "base.yaml": BASE,
    "over.yaml": `services:
  base:
    command: ["other"]
    environment: [A=over, "D=a=b", EMPTY=]
    ports: ["81:8000", { target: 9000, published: "9100" }, "5432"]
    volumes: ["./other:/etc/conf"]
`,
    "last.yaml": `services:
  base:
    ports: !override ["82:8002"]
    environment: { N: 2, T: true, F: 1.50 }
    deploy: { replicas: 1 }
    entrypoint: !reset null
`,
    ".env": "HOST=h\n",
  },
  "resets what an earlier file says": {
    "compose.yaml": "include: [{ path: [base.yaml, over.yaml] }]\n",
    "base.yaml": BASE,
    "over.yaml": `services:
  base:
    environment: { B: !reset null, A: !override over }
    ports: !reset []
    command: !reset null
    deploy: !override { mode: replicated }
`,
    ".env": "HOST=h\n",
  },
  "has profiles": {
    "compose.yaml": `services:
  a: { image: a }
  b: { image: b, profiles: [x] }
  c: { image: c, profiles: [] }
`,
  },
  "has anchors, merge keys and fragments": {
    "compose.yaml": `x-env: &env
  A: anchored
  B: anchored
x-service: &service
  image: shared
  environment: &all { <<: *env, B: own }
  scale: 3
services:
  one: { <<: *service, command: one two }
  two:
    <<: [*service, { image: later, entrypoint: later }]
    environment: { <<: [*all, { C: c, A: late }], D: d }
`,
  },
  "mixes includes and extends": {
    "compose.yaml": `include: [lib/compose.yaml]
services:
  app: { extends: { file: lib/compose.yaml, service: lib }, environment: { WHO: app, HOST: "$HOST" } }
`,
    "lib/compose.yaml": `services:
  lib: { image: "lib:$V", env_file: [./lib.env], environment: { WHO: lib } }
`,
    "lib/lib.env": "LIB=$V\n",
    "lib/.env": "V=lib\n",
    ".env": "V=main\nHOST=h\n",
  },
  "has quoted text and numbers that go-yaml takes": {
    "compose.yaml": `services:
  a:
    image: a
    command: "run
  this
that"
    environment: [
    A=1,
  B=2 ]
  b: { image: b, environment: { C: "yes", D: 0o17, E: 0x1F, G: 1e3, H: ~, I: 12_3, J: .5, K: 010, L: 0b101, M: -0_17, N: 1_000.5, O: 08, P: _1, Q: 1__, R: "010", S: 0x1_F } }
`,
  },
  "has variables of all forms": {
    "compose.yaml": `services:
  a:
    image: "a:\${TAG-1}"
    command: run \${SET:+with} \${EMPTY:-empty} \${EMPTY-} $$HOME \${UNSET:-\${SET}} "\${SET} b" c\\ d
    environment:
      PRICE: "5$$"
      NEST: "\${UNSET:-\${OTHER:-x}y}"
      SHELL: $FROM_SHELL
    ports: ["\${PORT:-8080}:80", "127.0.0.1:\${PORT2:-9}:90/tcp", "[::1]:6:60", "7000-7001:7100-7101/udp"]
    deploy: { replicas: "\${N:-2}" }
`,
    ".env": "SET=set\nEMPTY=\n",
  },
  "has env files over each other": {
    "compose.yaml": `services:
  a:
    image: a
    env_file: [one.env, { path: two.env }, { path: none.env, required: false }]
    environment: { OVER: own, ONLY_NAME: }
`,
    "one.env": "ONE=1\nBOTH=one\nOVER=file\nONLY_NAME=file\nREF=${ONE}2\n",
    "two.env":
      "BOTH=two\nREF2=${ONE}\nDOLLAR=a$$b\nSINGLE='a $ONE'\nSPACE = x \nCOMMENT=x # no\nHASH=x#y\nMULTI=\"l1\nl2\"\n",
  },
  "has commands of all forms": {
    "compose.yaml": `services:
  a: { image: a, command: "", entrypoint: "" }
  b: { image: b, command: [], entrypoint: [] }
  c: { image: c, command: null, entrypoint: sh -c 'a "b" $$C' }
  d: { image: d, command: "a  b\\\\ c \\"d e\\" 'f g'" }
  e: { extends: d, command: [] }
  f: { extends: d, entrypoint: x }
`,
  },
};

it.each(Object.entries(PROJECTS))("a project that %s", async (_, files) => {
  expect(read(files)).toEqual(await loaded(files));
});
