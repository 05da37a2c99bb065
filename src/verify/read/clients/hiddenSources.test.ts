import { describe, expect, it } from "vitest";
import {
  APP_INI,
  deploymentText,
  poolerText,
  systemIn,
} from "../../../../test/verify/systemText.ts";
import { withoutAssumptions } from "../../proof/assumptions.ts";
import { prove } from "../../proof/prove.ts";

/** A system that fits. */
const BASE =
  poolerText(APP_INI).replace(
    "name: pooler, namespace: db }\nspec:\n  replicas",
    'name: pooler, namespace: db, annotations: { weir.dev/postgres-connections: "40" } }\nspec:\n  replicas',
  ) +
  deploymentText({ DATABASE_URL: "postgres://a@pooler:6432/app", DB_POOL_MAX: "2" }).replace(
    "name: app,",
    "name: first,",
  );

const SECRET =
  "apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: db }\nstringData: { other: x }\n---\n";
const ENCRYPTED = SECRET.replace("other: x", '"app.yaml": "ENC[AES256_GCM,data:x]"');
const CERTIFICATE =
  "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: { name: c, namespace: db }\nspec: { secretName: s }\n---\n";

const NONE = { "Deployment db/app": { "weir.dev/connects-to": "none" } };

const from = (name: string, more = "") =>
  `\n          env: [{ name: ${name}, valueFrom: { secretKeyRef: { name: s, key: k${more} } } }]`;
const volume = (source: string, path = "/conf", mount = "") =>
  `\n          volumeMounts: [{ name: v, mountPath: ${path}${mount} }]\n      volumes: [{ name: v, ${source} }]`;

function verdictOf(text: string, annotations = {}): string {
  return prove(systemIn(BASE + text, annotations)).verdict;
}

/** A Deployment with this in its container, and with these annotations of its pods. */
function pod(more: string, annotation = ""): string {
  return deploymentText({}, more)
    .replace(/\n\s*env: \[\](?=[^]*\n\s*env:)/, "")
    .replace("metadata: { labels", `metadata: { ${annotation}labels`);
}

const injected = (name: string, value = "true") =>
  pod("", `annotations: { ${name}: "${value}" }, `);
const fetched = (fetcher: string, volumeOf = "emptyDir: {}") =>
  pod(
    `\n          volumeMounts: [{ name: v, mountPath: /s }]
      initContainers: [{ name: fetch, ${fetcher}, volumeMounts: [{ name: v, mountPath: /s }] }]
      volumes: [{ name: v, ${volumeOf} }]`,
  );
/** What its command does with a Secret that is not there. */
const secretly = (text: string) =>
  pod(`\n          command: [${text}]${volume("secret: { secretName: s }")}`);
const command = (text: string) => pod(`\n          command: [${text}]`);
const script = (text: string) => pod(`\n          command: [sh, -c, ${JSON.stringify(text)}]`);
const CONFIG =
  "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c, namespace: db }\ndata: { app.yaml: x }\n---\n";
const HIKARI = '{"spring":{"datasource":{"hikari":{"maximum-pool-size":50}}}}';
const USERNAME = '"app.yaml": "spring: { datasource: { url: a, username: app } }"';
const IMPORT = '"application.yaml": "spring: { config: { import: \'configserver:http://c\' } }"';
const value = (text: string) => deploymentText({ DATABASE_URL: text });

it("fits without any of them", () => {
  expect(verdictOf("")).toBe("fits");
  expect(verdictOf(deploymentText({}))).toBe("fits");
});

describe("a container that hides where it connects prevents a proof until it is answered", () => {
  it.each([
    ["a Secret's key", pod(from("DATABASE_URL"))],
    ["an optional key", pod(from("DATABASE_URL", ", optional: true"))],
    ["a whole Secret", pod("\n          envFrom: [{ secretRef: { name: s } }]")],
    [
      "an optional one",
      pod("\n          envFrom: [{ configMapRef: { name: s, optional: true } }]"),
    ],
    ["a mounted Secret", pod(volume("secret: { secretName: s }"))],
    ["one that is called credentials", pod(volume("secret: { secretName: db-credentials }"))],
    ["an optional one", pod(volume("secret: { secretName: s, optional: true }"))],
    ["projected sources", pod(volume("projected: { sources: [{ configMap: { name: s } }] }"))],
    ["a file of one", pod(volume("secret: { secretName: s }", "/a.yaml", ", subPath: a.yaml"))],
    ["a volume of secrets", pod(volume("csi: { driver: secrets-store.csi.k8s.io }"))],
    ["an agent's", injected("vault.hashicorp.com/agent-inject")],
    ["another agent's", injected("operator.1password.io/inject", "server")],
    ["a fetched file", fetched("image: hashicorp/vault:1")],
    [
      "another",
      fetched('image: x, command: [sh, -c, "aws secretsmanager get-secret-value > /s/a"]'),
    ],
    ["a starter's environment", command("doppler, run, --, app")],
    ["a script's", command('sh, -c, "export U=$(vault kv get -field=url s/db) && exec app"')],
    ["a reference to a vault", value("vault:secret/data/db#url")],
    ["another", value("op://v/db/url")],
    ["a secret of Azure's", value("akvs-db-url@azurekeyvault?url")],
    ["an encrypted text", value("ENC[AES256_GCM,data:abc,iv:d,tag:e,type:str]")],
    ["an encrypted file", `${ENCRYPTED}${pod(volume("secret: { secretName: s }"))}`],
    ["another name of a target", pod(from("DB_CONN"))],
    ["an ARN", value("arn:aws:secretsmanager:eu-west-1:1:secret:db")],
    ["another ARN", value("arn:aws-cn:ssm:cn-north-1:1:parameter/db")],
    ["a parameter", value("ssm:///prod/db")],
    ["a secret of Google's", value("gcpsm://p/db")],
    ["another", value("gcp-sm://p/db")],
    ["one by its name", value("projects/1/secrets/db/versions/latest")],
    ["one of vals", value("ref+awssecrets://db#/url")],
    ["one of Azure's", value("@Microsoft.KeyVault(SecretUri=https://v/secrets/db)")],
    ["one of a store that no table has", value("my-vault://db")],
    ["a host of a store", deploymentText({ DB_HOST: "ssm:/prod/db/host" })],
    ["where a program asks for its secret", deploymentText({ DB_SECRET_ARN: "arn:aws:x" })],
    ["a file's name", deploymentText({ DATABASE_URL_FILE: "/run/secrets/url" })],
    ["a file's name with another suffix", deploymentText({ GF_DATABASE_HOST__FILE: "/s/host" })],
    ["a file's name in front", deploymentText({ FILE__DATABASE_URL: "/run/secrets/url" })],
    ["a file's name in a Secret", pod(from("DATABASE_URL_FILE"))],
    ["the port of a pooler", deploymentText({ DB_PORT: "6432", DB_NAME: "app" })],
    ["a file that a shell sources", script(". /vault/secrets/db && exec app")],
    ["another way to", script("set -a; source ./.env; set +a; exec app")],
    ["each of a folder", script('for f in /vault/secrets/*; do . "$f"; done; exec app')],
    ["a script that somebody has put there", script(". /vault/secrets/db.sh; exec app")],
    [
      "one that it sources from a folder",
      pod(`\n          command: [sh, -c, ". /s/db; exec app"]${volume("emptyDir: {}", "/s")}`),
    ],
    ["a file that it exports", script("export $(cat /vault/secrets/db | xargs); exec app")],
    ["a file that it evaluates", script('eval "$(cat /vault/secrets/db)"; exec app')],
    ["a file of one variable", script("DATABASE_URL=$(cat /run/url) exec app")],
    ["another of one", script('export DB_HOST="$(< /run/host)"; exec app')],
    ["a file that a flag names", command("node, --env-file=/vault/env, app.js")],
    ["a template", value("${DATABASE_URL}")],
    ["a pool and no target", deploymentText({ DB_POOL_MAX: "20" })],
    ["another pool", deploymentText({ SQLALCHEMY_POOL_SIZE: "20" })],
    [
      "a pool by a flag of Java",
      command('java, "-Dspring.datasource.hikari.maximum-pool-size=50"'),
    ],
    [
      "one in a variable",
      deploymentText({ JAVA_TOOL_OPTIONS: "-Xmx1g -Dhikari.maximumPoolSize=50" }),
    ],
    ["one of a flag", command("app, --db-pool-size, '50'")],
    ["one in JSON", deploymentText({ SPRING_APPLICATION_JSON: HIKARI })],
    [
      "one in a file",
      `${CONFIG.replace("app.yaml: x", `app.json: ${JSON.stringify(HIKARI)}`)}${pod(volume("configMap: { name: c }"))}`,
    ],
    ["a database's password", pod(from("DB_PASSWORD"))],
    ["one of libpq", deploymentText({ PGPASSWORD: "x" })],
    ["a user of libpq", deploymentText({ PGUSER: "app" })],
    ["a service of libpq", deploymentText({ PGSERVICE: "app" })],
    ["a password's file", deploymentText({ POSTGRES_PASSWORD_FILE: "/run/secrets/password" })],
    ["a database's name", deploymentText({ DB_NAME: "app" })],
    [
      "a login in a file",
      `${CONFIG.replace("app.yaml: x", USERNAME)}${pod(volume("configMap: { name: c }"))}`,
    ],
    [
      "a server of configuration",
      deploymentText({ SPRING_CONFIG_IMPORT: "configserver:http://c:8888" }),
    ],
    ["its address", deploymentText({ SPRING_CLOUD_CONFIG_URI: "http://c:8888" })],
    ["one by a flag", command("java, -jar, a.jar, '--spring.config.import=optional:consul:'")],
    [
      "one in a file",
      `${CONFIG.replace("app.yaml: x", IMPORT)}${pod(volume("configMap: { name: c }"))}`,
    ],
    [
      "objects that it reads itself",
      deploymentText({ SPRING_CLOUD_KUBERNETES_CONFIG_NAME: "app" }),
    ],
    ["a token of a store of secrets", deploymentText({ DOPPLER_TOKEN: "dp.st.x" })],
    ["a store's address", deploymentText({ VAULT_ADDR: "http://vault:8200" })],
    ["the key of what its image has", deploymentText({ DOTENV_KEY: "dotenv://:key@x" })],
    ["an App Configuration", deploymentText({ AZURE_APPCONFIG_ENDPOINT: "https://a.azconfig.io" })],
    [
      "a hook of an upgrade",
      pod(from("DATABASE_URL")).replace(
        "name: app,",
        'name: app, annotations: { helm.sh/hook: "pre-upgrade,test" },',
      ),
    ],
    ["an unknown pool", pod(from("DB_POOL_MAX"))],
    ["a sidecar that is added", injected("injector.tumblr.com/request", "pooler")],
    ["another program than a utility", secretly("sh, -c, 'cat /conf/a && app'")],
    ["what a pipeline runs", secretly("sh, -c, 'cat /conf/a | psql'")],
    ["what a shell reads", secretly("sh, -c, 'curl http://x | sh'")],
    ["what a substitution runs", secretly(`sh, -c, 'echo "$(psql -c x)"'`)],
    ["another one", secretly("sh, -c, 'echo `psql -c x`'")],
    ["what find runs", secretly("sh, -c, 'find / -exec psql {} +'")],
    ["what a trap runs", secretly("sh, -c, 'trap psql EXIT; sleep 1'")],
    ["what xargs runs", secretly("sh, -c, 'cat /conf/a | xargs psql'")],
    ["what a variable names", secretly("sh, -c, 'echo; $RUN'")],
    ["what its arguments are", secretly("sh, -c, 'exec \"$@\"'")],
    ["a proxy of any protocol", secretly("nginx")],
    ["a program of the same name", secretly("/app/sync")],
    ["arguments of its image", secretly("rclone").replace("command:", "args:")],
  ])("%s", (_, text) => {
    expect(verdictOf(text)).toBe("unknown");
    expect(verdictOf(text, NONE)).toBe("fits");
  });
});

describe("a container that hides nothing of a database is not asked", () => {
  it.each([
    ["an API key", pod(from("API_KEY"))],
    ["a key that its Secret has not", `${SECRET}${pod(from("DATABASE_URL", ", optional: true"))}`],
    ["another store", pod(from("REDIS_URL"))],
    ["the system's certificates", pod(volume("secret: { secretName: s }", "/etc/ssl/certs"))],
    [
      "the monitors of Rook's Ceph",
      pod(volume("configMap: { name: rook-ceph-mon-endpoints }", "/etc/rook")),
    ],
    [
      "certificates",
      pod(
        volume(
          "secret: { secretName: s, items: [{ key: a, path: tls.crt }, { key: b, path: tls.key }] }",
        ),
      ),
    ],
    ["one certificate", pod(volume("secret: { secretName: s }", "/x/ca.crt", ", subPath: ca.crt"))],
    ["cert-manager's", `${CERTIFICATE}${pod(volume("secret: { secretName: s }"))}`],
    ["a token", pod(volume("projected: { sources: [{ serviceAccountToken: { path: token } }] }"))],
    ["its own labels", pod(volume("downwardAPI: { items: [] }"))],
    ["a volume of data", pod(volume("csi: { driver: efs.csi.aws.com }"))],
    ["an empty folder", fetched("image: busybox")],
    ["an agent that is off", injected("vault.hashicorp.com/agent-inject", "false")],
    ["another annotation", injected("prometheus.io/scrape")],
    ["a word in its command", command("app, --mode=doppler-run")],
    ["a pool of MySQL", deploymentText({ DB_POOL_MAX: "9", DATABASE_URL: "mysql://a@my/app" })],
    ["a pool of SQLite", deploymentText({ DB_POOL_MAX: "9", DATABASE_URL: "sqlite:///a.db" })],
    ["a pool of another host", deploymentText({ POOL_SIZE: "9", MYSQL_HOST: "my" })],
    [
      "a test of a chart",
      pod(from("DATABASE_URL")).replace(
        "name: app,",
        "name: app, annotations: { helm.sh/hook: test },",
      ),
    ],
    ["threads", deploymentText({ RAILS_MAX_THREADS: "5" })],
    ["an ARN of something else", deploymentText({ TOPIC_ARN: "arn:aws:ssm:eu-west-1:1:p/x" })],
    ["a certificate's file", deploymentText({ SSL_CERT_FILE: "/s/tls.crt" })],
    ["a file of another store", deploymentText({ REDIS_URL_FILE: "/run/secrets/url" })],
    ["base64 of something else", deploymentText({ KEY: btoa("no address at all, but a key") })],
    ["a login of MySQL", deploymentText({ MYSQL_PASSWORD: "x", MYSQL_DATABASE: "app" })],
    ["a name of SQLite", deploymentText({ DB_CONNECTION: "sqlite", DB_DATABASE: "/a.db" })],
    [
      "a login of a Postgres",
      pod(from("POSTGRES_PASSWORD") + "\n          ports: [{ containerPort: 5432 }]"),
    ],
    [
      "a login and where",
      deploymentText({ DB_PASSWORD: "x", DB_HOST: "db.example.com", DB_POOL_MAX: "2" }),
    ],
    [
      "a pool by a flag, of MySQL",
      deploymentText({
        JAVA_OPTS:
          "-Dspring.datasource.hikari.maximum-pool-size=9 -Dspring.datasource.url=jdbc:mysql://my/a",
      }),
    ],
    [
      "a server of configuration that is off",
      deploymentText({ SPRING_CLOUD_CONFIG_ENABLED: "false" }),
    ],
    ["a file of configuration", deploymentText({ SPRING_CONFIG_IMPORT: "file:/a.yaml" })],
    [
      "a token, and where it connects",
      deploymentText({
        DOPPLER_TOKEN: "x",
        DATABASE_URL: "postgres://a@db.example.com/a",
        DB_POOL_MAX: "2",
      }),
    ],
    ["another port", deploymentText({ DB_PORT: "3306", DB_NAME: "app" })],
    ["files of a copy", secretly("rclone, copy, a, b")],
    [
      "files of a script that copies",
      secretly(
        "/bin/sh, -c, 'export KEY=$(cat /conf/k); if [ -n \"$KEY\" ]; then exec rclone copy a b; fi'",
      ),
    ],
    ["files of one that asks", secretly("sh, -c, 'while true; do curl -f x; sleep 9; done'")],
    ["a virtual environment", script(". /venv/bin/activate && exec app")],
    ["a profile", script("source /etc/profile; . ~/.bashrc; exec app")],
    ["a script of its image", script(". /opt/app/functions.sh; . ./lib.sh; exec app")],
    ["what a program prints", script('eval "$(ssh-agent -s)"; export NOW=$(date); exec app')],
    ["a file of something else", script("TOKEN=$(cat /run/secrets/token) exec app")],
    [
      "a file that it has",
      `${CONFIG.replace("app.yaml", "env")}${pod(`\n          command: [sh, -c, ". /conf/env; exec app"]${volume("configMap: { name: c }")}`)}`,
    ],
    [
      "a URL's file that it has",
      `${CONFIG.replace("app.yaml: x", "url: mysql://a@my/app")}${pod(`\n          env: [{ name: DATABASE_URL_FILE, value: /conf/url }]${volume("configMap: { name: c }")}`)}`,
    ],
  ])("%s", (_, text) => {
    expect(verdictOf(text)).toBe("fits");
  });
});

it("may mount what is called as certificates are: then the verdict assumes it", () => {
  const text = BASE + pod(volume("secret: { secretName: app-tls }"));
  const what = expect.stringContaining("Secret db/app-tls holds, which is mounted at /conf");
  const { verdict, assumptions } = prove(systemIn(text));
  expect([verdict, assumptions]).toEqual([
    "fits",
    expect.arrayContaining([expect.objectContaining({ what, assumed: 0 })]),
  ]);
  const strict = prove(withoutAssumptions(systemIn(text)));
  expect(strict.missing).toContainEqual(expect.objectContaining({ what }));
  expect(prove(systemIn(text, NONE)).assumptions).not.toContainEqual(
    expect.objectContaining({ what }),
  );
});

describe("a container of an unknown image that gets a PgBouncer's ini", () => {
  const INI =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ini, namespace: db }\ndata: { pgbouncer.ini: "[pgbouncer]\\nmax_client_conn = 9" }\n---\n';
  const mounted = (path: string) => INI + pod(volume("configMap: { name: ini }", path));

  it.each(["/etc/pgbouncer", "/conf"])("may start one: %s", (path) => {
    expect(verdictOf(mounted(path))).toBe("unknown");
    expect(verdictOf(mounted(path), NONE)).toBe("fits");
  });
});
