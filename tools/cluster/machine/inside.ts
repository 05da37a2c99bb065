// Started in namespaces of its own, as the first process but one, as: inside.ts MACHINE.JSON
//
// Makes a machine of them and runs a cluster on it, until one of its programs ends. It says
// "isolated" when its network is ready to be linked to the host's.
import { readFile } from "node:fs/promises";

import { connect } from "../../../src/kube/client.ts";
import { loadKubeconfig } from "../../../src/kube/kubeconfig.ts";
import { answersOk, until } from "../readiness.ts";
import { startEtcd } from "../etcd.ts";
import { makeAddons } from "./addons.ts";
import { apiUrlOf } from "./addresses.ts";
import { startContainerd } from "./containerd.ts";
import { type Daemon, howItEnded, startDaemon } from "./daemon.ts";
import { daemonArgs } from "./daemons.ts";
import { startEnforcer } from "./enforcer.ts";
import { isolate, setUpNetwork } from "./isolation.ts";
import { pathsOf } from "./paths.ts";
import { admitPods } from "./podNetwork.ts";
import type { MachineProgram, MachineSpec } from "./spec.ts";
import { systemRuntime } from "../../../src/runtime/runtime.ts";

const [, , specPath] = process.argv;
if (specPath === undefined) throw new Error("inside.ts MACHINE.JSON");
const spec: MachineSpec = JSON.parse(await readFile(specPath, "utf8"));
const paths = pathsOf(spec.dir);

/** A daemon that ends, ends all of it. */
function endsAll(ended: Promise<string>): void {
  void ended.then((how) => {
    process.stderr.write(`${how}\n`);
    process.exit(1);
  });
}

function watched(daemon: Daemon): Daemon {
  endsAll(daemon.ended);
  return daemon;
}

await isolate(spec);
process.stdout.write("isolated\n");
await setUpNetwork(spec.addresses);

const etcd = await startEtcd(paths.etcd);
endsAll(etcd.process.closed.then((exit) => howItEnded("etcd", exit, etcd.process.log())));
const args = daemonArgs(spec, etcd.url);
const start = async (name: MachineProgram) =>
  watched(await startDaemon({ name, command: spec.programs[name], args: args[name] }, paths.logs));

const containerd = startContainerd(spec);
await start("kube-apiserver");
const ca = await readFile(`${paths.pki}/ca.crt`);
await until(() => answersOk(`${apiUrlOf(spec.addresses)}/readyz`, "", ca));
const client = connect(loadKubeconfig({ KUBECONFIG: paths.kubeconfig }), systemRuntime);
await start("kube-controller-manager");
await start("kube-scheduler");
await start("kube-proxy");
const enforcer = await startEnforcer(client, spec.addresses.host);
await admitPods(enforcer.admit);
watched(await containerd);
await start("kubelet");
await Promise.all([makeAddons(client, spec), enforcer.failed]);
