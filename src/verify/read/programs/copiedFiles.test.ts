import { describe, expect, it } from "vitest";
import { composedOf } from "../../../../test/verify/composeFiles.ts";
import { figure, systemIn } from "../../../../test/verify/systemText.ts";

interface MountedPod {
  /** The volume at /etc/pgbouncer. */
  readonly volume?: string;
  readonly mount?: string;
  readonly init?: string;
  readonly more?: string;
  readonly image?: string;
  readonly command?: string;
}

/** A PgBouncer whose image would read DB_HOST: its max_client_conn is 100, that of the ini 10. */
function podText({
  volume = "emptyDir: {}",
  mount,
  init,
  more,
  image,
  command,
}: MountedPod): string {
  const folders = "[{ name: ro, mountPath: /ro }, { name: rw, mountPath: /rw }]";
  return `
apiVersion: v1
kind: ConfigMap
metadata: { name: config, namespace: db }
data:
  pgbouncer.ini: |
    [databases]
    shop = host=pg
    [pgbouncer]
    max_client_conn = 10
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: pooler, namespace: db }
spec:
  template:
    spec:
      initContainers: [${init === undefined ? "" : `{ name: init, image: busybox, command: ${init}, volumeMounts: ${folders} }`}]
      containers:
        ${more ?? ""}
        - name: p
          image: ${image ?? "edoburu/pgbouncer:v1.25.2-p0"}
          ${command === undefined ? "" : `command: ${command}`}
          env: [{ name: DB_HOST, value: pg }]
          volumeMounts: [{ name: ro, mountPath: /ro }, ${mount ?? "{ name: rw, mountPath: /etc/pgbouncer }"}]
      volumes: [{ name: ro, configMap: { name: config } }, { name: rw, ${volume} }]
`;
}

function capacity(pod: MountedPod): number | string | undefined {
  const [pooler] = systemIn(podText(pod)).poolers;
  return figure(pooler?.groups[0]?.capacity);
}

const IMAGES = /^100$/;
const INI = /^10$/;
const ASKED = /the ini of Deployment db\/pooler: \/etc\/pgbouncer\/pgbouncer\.ini is in /;

describe("what is mounted where PgBouncer's image has its ini", () => {
  it.each<readonly [string, MountedPod, RegExp]>([
    ["an empty volume of its own", {}, IMAGES],
    [
      "an ephemeral volume of its own",
      { volume: "ephemeral: { volumeClaimTemplate: {} }" },
      IMAGES,
    ],
    ["a copied file", { init: '[sh, -c, "cp /ro/pgbouncer.ini /rw/pgbouncer.ini"]' }, INI],
    ["a copy into the folder", { init: "[cp, /ro/pgbouncer.ini, /rw/]" }, INI],
    [
      "a copy among others",
      { init: '[sh, -ec, "mkdir -p /rw/x; cp -L /ro/* /rw && chmod 600 /rw/pgbouncer.ini"]' },
      INI,
    ],
    ["a copy of another name", { init: "[cp, /ro/pgbouncer.ini, /rw/other.ini]" }, IMAGES],
    ["a copy to elsewhere", { init: "[cp, /ro/pgbouncer.ini, /tmp/pgbouncer.ini]" }, IMAGES],
    ["a copy of what is not given", { init: "[cp, /etc/other.ini, /rw/pgbouncer.ini]" }, ASKED],
    [
      "a copy on a condition",
      { init: '[sh, -c, "test -f /x && cp /ro/pgbouncer.ini /rw/"]' },
      ASKED,
    ],
    ["a copy with a variable", { init: '[sh, -c, "cp $FILE /rw/pgbouncer.ini"]' }, ASKED],
    [
      "a copy that is changed",
      { init: '[sh, -c, "cp /ro/pgbouncer.ini /rw/; sed -i s/10/500/ /rw/pgbouncer.ini"]' },
      ASKED,
    ],
    [
      "a text that is written",
      { init: '[sh, -c, "echo max_client_conn = 5 > /rw/pgbouncer.ini"]' },
      ASKED,
    ],
    ["what an unknown program writes", { init: "[/make-ini]" }, ASKED],
    [
      "what a sidecar writes",
      { more: "- { name: s, image: s, volumeMounts: [{ name: rw, mountPath: /x }] }" },
      ASKED,
    ],
    [
      "what a sidecar reads",
      {
        more: "- { name: s, image: s, volumeMounts: [{ name: rw, mountPath: /x, readOnly: true }] }",
      },
      IMAGES,
    ],
    [
      "a claim",
      { volume: "persistentVolumeClaim: { claimName: ini }" },
      /is in PersistentVolumeClaim ini/,
    ],
    [
      "a claim's file",
      {
        volume: "persistentVolumeClaim: { claimName: ini }",
        mount: "{ name: rw, mountPath: /etc/pgbouncer/pgbouncer.ini, subPath: a.ini }",
      },
      ASKED,
    ],
    ["a folder of the node", { volume: "hostPath: { path: /srv }" }, ASKED],
    [
      "a folder above it",
      { volume: "hostPath: { path: /srv }", mount: "{ name: rw, mountPath: /etc/ }" },
      ASKED,
    ],
    ["a driver's volume", { volume: "csi: { driver: files.example.com }" }, ASKED],
    [
      "a claim of the templates",
      { mount: "{ name: data, mountPath: /etc/pgbouncer }" },
      /is in volume data/,
    ],
    [
      "a claim elsewhere",
      {
        volume: "persistentVolumeClaim: { claimName: ini }",
        mount: "{ name: rw, mountPath: /etc/pgbouncer-data }",
      },
      IMAGES,
    ],
    [
      "a claim over the entrypoint",
      {
        volume: "persistentVolumeClaim: { claimName: x }",
        mount: "{ name: rw, mountPath: /entrypoint.sh, subPath: x }",
      },
      /entrypoint\.sh of PersistentVolumeClaim x|PersistentVolumeClaim x/,
    ],
    [
      "a claim where another image has it",
      {
        image: "bitnami/pgbouncer",
        volume: "hostPath: { path: /srv }",
        mount: "{ name: rw, mountPath: /bitnami/pgbouncer }",
      },
      /\/bitnami\/pgbouncer\/conf\/pgbouncer\.ini is in volume rw/,
    ],
    [
      "a copy by its own command",
      {
        command:
          '[sh, -c, "cp /ro/pgbouncer.ini /etc/pgbouncer/ && exec /entrypoint.sh pgbouncer /etc/pgbouncer/pgbouncer.ini"]',
      },
      /its command writes \/etc\/pgbouncer\/pgbouncer\.ini/,
    ],
  ])("%s", (_, pod, expected) => {
    const found = capacity(pod);
    expect(`${found}`).toMatch(expected);
  });
});

describe("what a compose file mounts where PgBouncer's image has its ini", () => {
  it.each<readonly [string, string, RegExp]>([
    ["a folder that is not there", "./config:/etc/pgbouncer", /the ini of service pooler/],
    ["a folder above it that is not there", "./etc:/etc", /the ini of service pooler/],
    ["a named volume", "config:/etc/pgbouncer", /the ini of service pooler/],
    ["a named volume above it", "config:/etc", /the ini of service pooler/],
    ["a volume without a name", "/etc/pgbouncer", IMAGES],
    ["a folder elsewhere", "./logs:/var/log/pgbouncer-logs", IMAGES],
  ])("%s", (_, volume, expected) => {
    const { system } = composedOf({
      "compose.yaml": `
services:
  pooler:
    image: edoburu/pgbouncer:v1.25.2-p0
    environment: { DB_HOST: pg }
    volumes: ["${volume}"]
`,
    });
    const found = figure(system.poolers[0]?.groups[0]?.capacity);
    expect(`${found}`).toMatch(expected);
  });
});
