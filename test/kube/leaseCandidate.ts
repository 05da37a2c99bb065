import { openSync, writeSync } from "node:fs";
import { connect } from "../../src/kube/client.ts";
import { loadKubeconfig } from "../../src/kube/kubeconfig.ts";
import { startCandidacy, type LeaderTerm } from "../../src/kube/lease.ts";
import { systemRuntime } from "../../src/runtime/runtime.ts";

/**
 * A process that wants to lead, and acts as often as it can while it leads: an act is a line in a
 * file that several processes append to. SIGUSR2 pauses it, between two acts; SIGTERM has it let
 * go of the lease and end. What happens to it is told on stderr.
 *
 * Arguments: its name, the file, and the times of the lease as JSON.
 */
const [, , name = "", actsPath = "", times = "{}"] = process.argv;
const acts = openSync(actsPath, "a");
let term: LeaderTerm | undefined;

const client = connect(loadKubeconfig(process.env), systemRuntime);
const candidacy = startCandidacy({
  client,
  runtime: systemRuntime,
  lease: { namespace: "default", name: "weir" },
  candidate: name,
  ...JSON.parse(times),
  onLead: (begun) => {
    term = begun;
    process.stderr.write("leads\n");
  },
  // The term is kept: what stops the acts is what it says itself.
  onLost: (reason) => {
    process.stderr.write(`lost: ${reason}\n`);
  },
  onError: (error) => {
    process.stderr.write(`error: ${String(error)}\n`);
  },
});

const acting = setInterval(() => {
  if (term?.stillLeading() === true) writeSync(acts, `${name}\n`);
}, 5);

process.on("SIGUSR2", () => {
  process.stderr.write("pauses\n");
  process.kill(process.pid, "SIGSTOP");
});

process.once("SIGTERM", () => void end());

async function end(): Promise<void> {
  await candidacy.stop();
  clearInterval(acting);
  await client.close();
}
