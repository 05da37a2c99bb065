import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { certificateAuthority, serviceAccountKeyPem } from "../certificateAuthority.ts";
import { kubeconfigOf } from "../kubeconfigText.ts";
import { apiUrlOf } from "./addresses.ts";
import {
  cniConfig,
  containerdBareConfig,
  containerdConfig,
  kubeletConfig,
} from "./configuration.ts";
import { pathsOf } from "./paths.ts";
import { writePlugins } from "./podNetwork.ts";
import { NODE_NAME, type MachineSpec } from "./spec.ts";

/** How an administrator of a machine reaches it. */
interface Administrator {
  readonly token: string;
  readonly ca: Buffer;
}

/** Writes all that the daemons of a machine read, certificates included. */
export async function writeMachineFiles(spec: MachineSpec): Promise<Administrator> {
  const paths = pathsOf(spec.dir);
  const { pki, frontProxy, kubeconfigs, logs, varLib, varLog, settings, cpus, etcd, cni } = paths;
  for (const dir of [
    pki,
    frontProxy,
    kubeconfigs,
    logs,
    varLib,
    varLog,
    settings,
    cpus,
    etcd,
    cni,
  ]) {
    await mkdir(dir);
  }
  await writePlugins(paths.cniPlugins);
  const token = randomBytes(16).toString("hex");
  await writeFile(paths.tokens, `${token},admin,admin,system:masters\n`);
  await writeFile(paths.serviceAccountKey, serviceAccountKeyPem());
  await writeFile(paths.kubeletConfig, JSON.stringify(kubeletConfig(spec)));
  await writeFile(paths.containerdConfig, containerdConfig(spec));
  await writeFile(paths.containerdBareConfig, containerdBareConfig(spec));
  await writeFile(join(cni, "10-weir.conflist"), JSON.stringify(cniConfig(spec)));
  await writeFile(paths.spec, JSON.stringify(spec));

  const ca = await writeCertificates(spec);
  const caData = ca.toString("base64");
  const url = apiUrlOf(spec.addresses);
  await writeFile(paths.kubeconfig, kubeconfigOf({ url, caData, user: { token } }));
  for (const name of Object.keys(CLIENTS)) {
    const user = {
      "client-certificate": join(pki, `${name}.crt`),
      "client-key": join(pki, `${name}.key`),
    };
    await writeFile(join(kubeconfigs, name), kubeconfigOf({ url, caData, user }));
  }
  return { token, ca };
}

/** Who logs in with a certificate, by the name of its kubeconfig. */
const CLIENTS = {
  kubelet: `/O=system:nodes/CN=system:node:${NODE_NAME}`,
  "kube-controller-manager": "/CN=system:kube-controller-manager",
  "kube-scheduler": "/CN=system:kube-scheduler",
  "kube-proxy": "/CN=system:kube-proxy",
} as const;

/** @returns the certificate to trust */
async function writeCertificates({ dir, addresses }: MachineSpec): Promise<Buffer> {
  const { pki, frontProxy } = pathsOf(dir);
  const { machine, apiService } = addresses;
  const [authority, frontProxyAuthority] = await Promise.all([
    certificateAuthority(pki),
    certificateAuthority(frontProxy),
  ]);
  const apiNames = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];
  await Promise.all([
    authority.sign({
      subject: "/CN=kube-apiserver",
      names: [`IP:${machine}`, `IP:${apiService}`, ...apiNames.map((name) => `DNS:${name}`)],
      path: join(pki, "kube-apiserver"),
    }),
    authority.sign({
      subject: `/CN=${NODE_NAME}`,
      names: [`IP:${machine}`, `DNS:${NODE_NAME}`],
      path: join(pki, "kubelet-server"),
    }),
    // The API server, when it asks kubelet for logs or an exec.
    authority.sign({
      subject: "/O=system:masters/CN=kube-apiserver-kubelet-client",
      path: join(pki, "kubelet-client"),
    }),
    // The API server, when it hands a request on to metrics-server.
    frontProxyAuthority.sign({
      subject: "/CN=front-proxy-client",
      path: join(frontProxy, "client"),
    }),
    ...Object.entries(CLIENTS).map(([name, subject]) =>
      authority.sign({ subject, path: join(pki, name) }),
    ),
  ]);
  return readFile(authority.caPath);
}
