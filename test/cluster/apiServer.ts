import { randomBytes } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { binary } from "../../tools/binaries/catalog.ts";
import { freePort } from "../parts/ports.ts";
import { type RunningProcess, startProcess } from "../../tools/processes/processes.ts";
import { scratchDir } from "../../tools/processes/scratch.ts";
import { auditArgs, readAuditLog, type AuditEntry } from "./auditLog.ts";
import { startControllerManager } from "./controllerManager.ts";
import { startEtcd } from "../../tools/cluster/etcd.ts";
import { kubeconfigOf } from "../../tools/cluster/kubeconfigText.ts";
import { type Kubectl, kubectlFor } from "../../tools/cluster/kubectl.ts";
import { answersOk, untilReady } from "../../tools/cluster/readiness.ts";
import { serviceAccountKeyPem } from "../../tools/cluster/certificateAuthority.ts";

/**
 * For hooks and tests that start an API server, and for what they do with it. It is up within
 * seconds; this only ends one that hangs, on the slowest machine.
 */
export const API_SERVER_START_TIMEOUT_MS = 15 * 60_000;

/** It makes these a moment after it has said that it is ready. */
const SYSTEM_NAMESPACES = ["kube-system", "kube-public", "kube-node-lease", "default"];

/** What runs beside the API server. */
export interface ApiServerOptions {
  /**
   * Whether controllers run: Deployments get ReplicaSets, namespaces a ServiceAccount `default`,
   * orphans are collected. Without it objects stay as they were written, and pods that are
   * created directly are Forbidden, for want of that ServiceAccount. False when absent.
   */
  readonly controllerManager?: boolean;
  /** Whose certificates clients may log in with, as PEM; nobody's when absent. */
  readonly clientCaPath?: string;
  /** Users beside `admin`, also in `system:masters`, each with a token of its own. */
  readonly users?: readonly string[];
  /** Users whose requests are written down, ServiceAccounts by their full name; nobody's when absent. */
  readonly audited?: readonly string[];
}

/** A real Kubernetes API with an etcd of its own and no nodes, on loopback alone. */
export interface ApiServer {
  readonly url: string;
  /** A bearer token of a user in `system:masters`. */
  readonly token: string;
  /** Certificates to trust, as in a kubeconfig: base64 of PEM. */
  readonly caData: string;
  readonly kubeconfigPath: string;
  /** Writes a kubeconfig for one of `users`, or for a token that was made later. */
  readonly kubeconfigFor: (
    login: { readonly user: string } | { readonly token: string },
  ) => Promise<string>;
  readonly kubectl: Kubectl;
  /** Every request of the audited users that was answered in full, in the order of the log. */
  readonly audit: () => Promise<readonly AuditEntry[]>;
  /** What it shows to its clients, for a proxy that wants to be taken for it: PEM. */
  readonly certificate: { readonly cert: Buffer; readonly key: Buffer };
  /** Kills it, and starts it again with the same etcd at the same address. */
  readonly restart: () => Promise<void>;
  /** Has etcd forget all history, so that what was begun before is too old (410). */
  readonly compact: () => Promise<void>;
  /** Ends all of it and removes its folder. Does nothing the second time. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts an API server, and what runs beside it. When this process dies, so does all of it.
 * Admission is as in any cluster: PodSecurity is on, ValidatingAdmissionPolicies work.
 *
 * @throws with the end of the log when one of them does not come up; then nothing is left of it
 */
export async function startApiServer({
  controllerManager = false,
  clientCaPath,
  users = [],
  audited = [],
}: ApiServerOptions = {}): Promise<ApiServer> {
  const dir = await scratchDir("api-server");
  const running: RunningProcess[] = [];
  const stop = async () => {
    // Nothing in there is worth an orderly end.
    await Promise.all(running.map((process) => process.stop("SIGKILL")));
    await rm(dir, { recursive: true, force: true });
  };

  try {
    const etcdDir = join(dir, "etcd");
    await mkdir(etcdDir);
    const etcd = await startEtcd(etcdDir);
    running.push(etcd.process);

    const port = await freePort();
    const url = `https://127.0.0.1:${port}`;
    const tokens = new Map(["admin", ...users].map((user) => [user, newToken()]));
    const tokenOf = (user: string) => {
      const found = tokens.get(user);
      if (found === undefined) throw new Error(`the API server was started without user ${user}`);
      return found;
    };
    const token = tokenOf("admin");
    const tokensPath = join(dir, "tokens.csv");
    const lines = [...tokens].map(([user, secret]) => `${secret},${user},${user},system:masters\n`);
    await writeFile(tokensPath, lines.join(""));
    const serviceAccountKeyPath = join(dir, "service-account.pem");
    await writeFile(serviceAccountKeyPath, serviceAccountKeyPem());
    const certificatesDir = join(dir, "certificates");

    const spec = {
      command: await binary("kube-apiserver"),
      args: [
        `--etcd-servers=${etcd.url}`,
        "--bind-address=127.0.0.1",
        `--secure-port=${port}`,
        // Else it looks for another network interface, which there need not be.
        "--advertise-address=127.0.0.1",
        // It makes a key and a self-signed certificate of its own in there.
        `--cert-dir=${certificatesDir}`,
        `--token-auth-file=${tokensPath}`,
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        `--service-account-key-file=${serviceAccountKeyPath}`,
        `--service-account-signing-key-file=${serviceAccountKeyPath}`,
        "--service-cluster-ip-range=10.0.0.0/16",
        // It would publish a loopback address as the Service `kubernetes`, which is not valid.
        "--endpoint-reconciler-type=none",
        ...(clientCaPath === undefined ? [] : [`--client-ca-file=${clientCaPath}`]),
        ...(audited.length === 0 ? [] : await auditArgs(dir, audited)),
      ],
    };
    const caPath = join(certificatesDir, "apiserver.crt");
    const answers = async (path: string) =>
      answersOk(`${url}${path}`, token, await readFile(caPath));
    const launch = async () => {
      const process = await startProcess(spec);
      running.push(process);
      await untilReady("kube-apiserver", process, () => answers("/readyz"));
      for (const name of SYSTEM_NAMESPACES) {
        await untilReady(`namespace ${name}`, process, () => answers(`/api/v1/namespaces/${name}`));
      }
      return process;
    };
    let apiServer = await launch();
    const restart = async () => {
      await apiServer.stop("SIGKILL");
      apiServer = await launch();
    };

    const ca = await readFile(caPath);
    const caData = ca.toString("base64");
    const kubeconfigPath = join(dir, "kubeconfig");
    await writeFile(kubeconfigPath, kubeconfigOf({ url, caData, user: { token } }));
    const kubeconfigFor: ApiServer["kubeconfigFor"] = async (login) => {
      const secret = "token" in login ? login.token : tokenOf(login.user);
      const path = join(dir, `kubeconfig-${randomBytes(4).toString("hex")}`);
      await writeFile(path, kubeconfigOf({ url, caData, user: { token: secret } }));
      return path;
    };

    if (controllerManager) {
      const manager = await startControllerManager({
        kubeconfigPath,
        serviceAccountKeyPath,
        caPath,
      });
      running.push(manager);
      const account = `${url}/api/v1/namespaces/default/serviceaccounts/default`;
      await untilReady("kube-controller-manager", manager, () => answersOk(account, token, ca));
    }

    const kubectl = await kubectlFor(kubeconfigPath, dir);
    const certificate = { cert: ca, key: await readFile(join(certificatesDir, "apiserver.key")) };
    const { compact } = etcd;
    return {
      url,
      token,
      caData,
      kubeconfigPath,
      kubeconfigFor,
      kubectl,
      audit: () => readAuditLog(dir),
      certificate,
      restart,
      compact,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function newToken(): string {
  return randomBytes(16).toString("hex");
}
