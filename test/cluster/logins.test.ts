import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { request as beginHttps } from "node:https";
import { join } from "node:path";

import type { KubeConfig } from "@kubernetes/client-node";
import { Agent, request } from "undici";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { connect, type KubeClient } from "../../src/kube/client.ts";
import { loadKubeconfig } from "../../src/kube/kubeconfig.ts";
import { startFaultyProxy, type FaultyProxy } from "../kube/faultyProxy.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import {
  certificateAuthority,
  type CertificateAuthority,
} from "../../tools/cluster/certificateAuthority.ts";
import { type ApiServer, API_SERVER_START_TIMEOUT_MS, startApiServer } from "./apiServer.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

/** Who asks, by the API server's word; 401 when it does not know. */
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

const FLOW = { apiVersion: "flowcontrol.apiserver.k8s.io/v1", metadata: { name: "little" } };

/** A priority level with room for one request at a time: with no share, that is what it gets. */
const LITTLE_FOR_CI = {
  apiVersion: "v1",
  kind: "List",
  items: [
    {
      ...FLOW,
      kind: "PriorityLevelConfiguration",
      spec: {
        type: "Limited",
        limited: {
          nominalConcurrencyShares: 0,
          lendablePercent: 0,
          borrowingLimitPercent: 0,
          limitResponse: { type: "Reject" },
        },
      },
    },
    {
      ...FLOW,
      kind: "FlowSchema",
      spec: {
        priorityLevelConfiguration: FLOW.metadata,
        matchingPrecedence: 2,
        rules: [
          {
            subjects: [
              { kind: "ServiceAccount", serviceAccount: { name: "ci", namespace: "default" } },
            ],
            resourceRules: [
              {
                verbs: ["*"],
                clusterScope: true,
                apiGroups: ["*"],
                resources: ["*"],
                namespaces: ["*"],
              },
            ],
            nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
          },
        ],
      },
    },
  ],
};

let apiServer: ApiServer;
let proxy: FaultyProxy;
let certificates: CertificateAuthority;
let dir: string;

beforeAll(async () => {
  certificates = await certificateAuthority();
  apiServer = await startApiServer({ clientCaPath: certificates.caPath });
  proxy = await startFaultyProxy(apiServer);
  await kubectl(["create", "serviceaccount", "ci"]);
  const admin = ["--clusterrole=cluster-admin", "--serviceaccount=default:ci"];
  await kubectl(["create", "clusterrolebinding", "ci", ...admin]);
}, API_SERVER_START_TIMEOUT_MS);

afterAll(async () => {
  await proxy.stop();
  await apiServer.stop();
});

beforeEach(async () => {
  dir = await scratchDir("logins");
});

test("a token's file that changes is read again as soon as the old token is refused", async () => {
  const tokenPath = join(dir, "token");
  const first = await token("file");
  await writeFile(tokenPath, `${first}\n`);
  const client = connect(await configWith({ tokenFile: "token" }), systemRuntime);

  expect(await who(client)).toBe("system:serviceaccount:default:ci");
  await revoke("file", first);
  expect(await who(client)).toBe(401);
  await writeFile(tokenPath, await token("file"));
  // The library would read it again after a minute.
  expect(await who(client)).toBe("system:serviceaccount:default:ci");
  await client.close();
});

test("a plugin is run once for all requests, and once more when its token is refused", async () => {
  const first = await token("plugin");
  await writeFile(join(dir, "token"), first);
  const credential = `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'$(cat "${dir}/token")'"}}`;
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: "sh",
    args: ["-c", `echo run >> "${dir}/runs"; echo '${credential}'`],
  };
  const client = connect(await configWith({ exec }), systemRuntime);
  const all = () => Promise.all(Array.from({ length: 20 }, () => who(client)));
  const runs = async () => (await readFile(join(dir, "runs"), "utf8")).split("\n").length - 1;

  expect(new Set(await all())).toEqual(new Set(["system:serviceaccount:default:ci"]));
  expect(await runs()).toBe(1);
  await revoke("plugin", first);
  await writeFile(join(dir, "token"), await token("plugin"));
  expect(new Set(await all())).toEqual(new Set(["system:serviceaccount:default:ci"]));
  expect(await runs()).toBe(2);
  await client.close();
});

test("a plugin whose token has run out is run again, without a request for nothing", async () => {
  await writeFile(join(dir, "token"), await token("short"));
  const status = `"status":{"token":"'$(cat "${dir}/token")'","expirationTimestamp":"2020-01-01T00:00:00Z"}`;
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: "sh",
    args: ["-c", `echo run >> "${dir}/runs"; echo '{${status}}'`],
  };
  const client = connect(await configWith({ exec }), systemRuntime);
  const before = proxy.asked.length;
  expect(await who(client)).toBe("system:serviceaccount:default:ci");
  expect(await who(client)).toBe("system:serviceaccount:default:ci");
  expect(proxy.asked.length - before).toBe(2);
  expect(await readFile(join(dir, "runs"), "utf8")).toBe("run\nrun\n");
  await client.close();
});

test("a certificate whose file changes is shown from then on, over other connections", async () => {
  const files = { "client-certificate": "tls.crt", "client-key": "tls.key" };
  const config = await configWith(files, apiServer.url);
  await certificates.issue("writer", dir);
  const client = connect(config, systemRuntime);
  expect(await who(client)).toBe("writer");
  expect(await who(client)).toBe("writer");
  await certificates.issue("editor", dir);
  expect(await who(client)).toBe("editor");
  await client.close();
});

test("a token that nobody can renew is refused once, and no more", async () => {
  const client = connect(await configWith({ token: "no-such-token" }), systemRuntime);
  const before = proxy.asked.length;
  expect(await who(client)).toBe(401);
  expect(proxy.asked.length - before).toBe(1);
  await client.close();
});

test("what priority and fairness refuses is asked again when it says so, and done once", async () => {
  const busy = await token("busy");
  const client = connect(await configWith({ token: busy }), systemRuntime);
  await kubectl(["apply", "--filename=-"], JSON.stringify(LITTLE_FOR_CI));
  const uid = await kubectl(["get", "flowschema/little", "--output=jsonpath={.metadata.uid}"]);
  // The API server takes it up a moment later.
  await expect.poll(async () => (await askWith(busy)).flowSchema).toBe(uid);
  const endIt = await holdPlace(busy);
  expect((await askWith(busy)).status).toBe(429);

  const before = proxy.asked.length;
  const created = client.request({
    method: "POST",
    path: CONFIG_MAPS,
    body: { metadata: { generateName: "once-" } },
  });
  await expect.poll(() => proxy.asked.length - before).toBeGreaterThanOrEqual(2);
  endIt();
  expect((await created).status).toBe(201);
  expect(await kubectl(["get", "configmaps", "--output=name"])).toMatch(/^configmap\/once-\w+$/);
  await client.close();
});

/** A kubeconfig in a file, by way of the proxy, and as weir reads it. */
async function configWith(
  user: object,
  server = proxy.config.getCurrentCluster()?.server,
): Promise<KubeConfig> {
  const cluster = { server, "certificate-authority-data": apiServer.caData };
  const path = join(dir, "kubeconfig");
  const document = {
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  await writeFile(path, JSON.stringify(document));
  return loadKubeconfig({ KUBECONFIG: path });
}

/** Who the API server takes the client for; its status when that is another than 201. */
async function who(client: KubeClient): Promise<unknown> {
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const answer = await client.request({ method: "POST", path: WHO, body });
  if (answer.status !== 201) return answer.status;
  return Object(answer.body).status.userInfo.username;
}

/** A token of `ci` that is good as long as the Secret of that name is there. */
async function token(name: string): Promise<string> {
  await kubectl(["create", "secret", "generic", name]);
  return kubectl([
    "create",
    "token",
    "ci",
    "--bound-object-kind=Secret",
    `--bound-object-name=${name}`,
  ]);
}

/** The API server takes a token that it knew for another ten seconds. */
async function revoke(name: string, old: string): Promise<void> {
  await kubectl(["delete", "secret", name]);
  await expect.poll(async () => (await askWith(old)).status).toBe(401);
}

/**
 * Begins a request that never says all it has to say, and keeps its place until it is ended. The
 * API server asks for the rest when it has let the request in; a place that was just left may count
 * as taken for a moment.
 */
async function holdPlace(bearer: string): Promise<() => void> {
  const { url, certificate } = apiServer;
  const headers = {
    authorization: `Bearer ${bearer}`,
    "content-type": "application/json",
    expect: "100-continue",
  };
  const options = { method: "POST", headers, ca: certificate.cert, agent: false };
  for (;;) {
    const begun = beginHttps(`${url}${CONFIG_MAPS}`, options);
    // Whatever becomes of it.
    begun.on("error", () => undefined);
    begun.flushHeaders();
    const isIn = await Promise.race([
      once(begun, "continue").then(() => true),
      once(begun, "response").then(() => false),
    ]);
    if (isIn) return () => begun.destroy();
    begun.destroy();
  }
}

/** What the API server says to whoever asks once, on the straight way, and by which FlowSchema. */
async function askWith(bearer: string): Promise<{ status: number; flowSchema: unknown }> {
  const dispatcher = new Agent({ connect: { ca: apiServer.certificate.cert } });
  const answer = await request(`${apiServer.url}/api`, {
    dispatcher,
    headers: { authorization: `Bearer ${bearer}` },
  });
  await answer.body.dump();
  await dispatcher.close();
  const flowSchema = answer.headers["x-kubernetes-pf-flowschema-uid"];
  return { status: answer.statusCode, flowSchema };
}

async function kubectl(args: readonly string[], stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await apiServer.kubectl(args, stdin);
  if (code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout.trim();
}
