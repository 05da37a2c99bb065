import { describe, expect, it } from "vitest";
import { figure, systemIn } from "../../../../test/verify/systemText.ts";

const INI = ["[databases]", "shop = host=pg", "[pgbouncer]", "max_client_conn = 10"];

interface Start {
  readonly image?: string;
  readonly command?: string;
  readonly args?: string;
  /** Lines of /config/start.sh. */
  readonly script?: readonly string[];
  /** Where that is mounted, too. */
  readonly over?: string;
  readonly env?: string;
}

/** In a ConfigMap's block of text. */
function block(texts: readonly string[]): string {
  return texts.map((text) => `    ${text}`).join("\n");
}

/** A PgBouncer whose ini is mounted at /config/other.ini, and whose image would read DB_HOST. */
function startText(start: Start): string {
  const { image = "edoburu/pgbouncer:v1.25.2-p0", command, args, script, over, env } = start;
  return `
apiVersion: v1
kind: ConfigMap
metadata: { name: config, namespace: db }
data:
  other.ini: |
${block(INI)}
  start.sh: |
${block(script ?? ['CONFIG="${CONFIG:-/config/other.ini}"', 'exec pgbouncer "$CONFIG"'])}
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: pooler, namespace: db }
spec:
  template:
    spec:
      containers:
        - name: p
          image: ${image}
          ${command === undefined ? "" : `command: ${command}`}
          ${args === undefined ? "" : `args: ${args}`}
          env: [{ name: DB_HOST, value: pg }${env === undefined ? "" : `, ${env}`}]
          volumeMounts:
            - { name: c, mountPath: /config }
            ${over === undefined ? "" : `- { name: c, mountPath: ${over}, subPath: start.sh }`}
      volumes: [{ name: c, configMap: { name: config } }]
`;
}

const MOUNTED = '["/bin/sh", "/config/start.sh"]';
/** PgBouncer's own max_client_conn, by the variables of the image. */
const IMAGES = 100;

describe("the max_client_conn of a PgBouncer", () => {
  it.each<readonly [string, Start, number | RegExp]>([
    ["of the image", {}, IMAGES],
    ["of a script", { command: MOUNTED }, 10],
    ["of a script that is the program", { command: '["/config/start.sh"]' }, 10],
    ["behind tini", { command: '["tini", "--", "/config/start.sh"]' }, 10],
    ["of a script among the arguments", { args: '["/config/start.sh"]' }, 10],
    ["of an image that nobody knows", { command: MOUNTED, image: "acme/tools:1" }, 10],
    ["of a script over the image's entrypoint", { over: "/entrypoint.sh" }, 10],
    ["of a script over another file", { over: "/usr/local/bin/start.sh" }, IMAGES],
    ["of a flag before it", { command: '["pgbouncer", "-u", "nobody", "/config/other.ini"]' }, 10],
    [
      "of a literal path",
      { command: MOUNTED, script: ["exec su-exec postgres pgbouncer -R /config/other.ini"] },
      10,
    ],
    [
      "of the script's first argument",
      { command: MOUNTED, args: '["/config/other.ini"]', script: ['exec pgbouncer "$1"'] },
      10,
    ],
    [
      "by the image's entrypoint, which is named",
      { command: '["/entrypoint.sh"]', args: '["pgbouncer", "/etc/pgbouncer/pgbouncer.ini"]' },
      IMAGES,
    ],
    [
      "by the image's arguments",
      { args: '["/usr/bin/pgbouncer", "/etc/pgbouncer/pgbouncer.ini"]' },
      IMAGES,
    ],
    [
      "by the image's entrypoint with a variable of the script",
      {
        command: MOUNTED,
        script: ["export MAX_CLIENT_CONN=5", "exec /entrypoint.sh pgbouncer"],
      },
      /pgbouncer with no ini/,
    ],
    [
      "by the image's entrypoint with a variable of the script and the image's ini",
      {
        command: MOUNTED,
        script: [
          "export MAX_CLIENT_CONN=5",
          "exec /entrypoint.sh pgbouncer /etc/pgbouncer/pgbouncer.ini",
        ],
      },
      5,
    ],
    [
      "by the image's entrypoint with what nobody reads",
      { command: MOUNTED, script: [". /opt/env", "exec /entrypoint.sh /run.sh"] },
      /some come from its command/,
    ],
    ["of a script that is not given", { command: '["sh", "/opt/start.sh"]' }, /opt\/start\.sh/],
    ["of another program", { command: '["python3", "/app/start.py"]' }, /start\.py/],
    [
      "by a variable that leads elsewhere",
      { command: MOUNTED, env: "{ name: CONFIG, value: /x.ini }" },
      /\/x\.ini/,
    ],
    [
      "by a variable that is not given",
      {
        command: MOUNTED,
        env: "{ name: CONFIG, valueFrom: { secretKeyRef: { name: s, key: k } } }",
      },
      /Secret db\/s k/,
    ],
    [
      "by a variable that a branch sets",
      {
        command: MOUNTED,
        script: ["C=/config/other.ini", "if x; then", "C=/y.ini", "fi", "pgbouncer $C"],
      },
      /\$C, which/,
    ],
    [
      "by a variable that is read",
      { command: MOUNTED, script: ["C=/config/other.ini", "read C", "pgbouncer $C"] },
      /\$C, which/,
    ],
    [
      "by a variable that a file sets",
      { command: MOUNTED, script: ["C=/config/other.ini", ". /env", "pgbouncer $C"] },
      /\$C, which/,
    ],
    [
      "by what another program prints",
      { command: MOUNTED, script: ["C=$(find-ini)", "pgbouncer $C"] },
      /\$C, which/,
    ],
    [
      "of an ini that the script makes",
      {
        command: MOUNTED,
        script: ["sed s/10/20/ /config/other.ini > /tmp/p.ini", "pgbouncer /tmp/p.ini"],
      },
      /\/tmp\/p\.ini, which no ConfigMap/,
    ],
    [
      "of a mounted ini that the script changes",
      {
        command: MOUNTED,
        script: ["sed -i s/10/20/ /config/other.ini", "pgbouncer /config/other.ini"],
      },
      /writes \/config\/other\.ini/,
    ],
    [
      "of Bitnami's second script alone",
      {
        image: "bitnami/pgbouncer:1.24.1",
        command: '["/opt/bitnami/scripts/pgbouncer/run.sh"]',
      },
      /run\.sh/,
    ],
  ])("%s", (_, start, expected) => {
    const [pooler] = systemIn(startText(start)).poolers;
    const capacity = figure(pooler?.groups[0]?.capacity);
    const pattern = typeof expected === "number" ? new RegExp(`^${expected}$`) : expected;
    expect(String(capacity)).toMatch(pattern);
  });
});
