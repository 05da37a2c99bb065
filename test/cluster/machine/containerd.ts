import { runProcess } from "../../parts/processes.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { pathsOf } from "./paths.ts";
import type { LocalImage, MachineSpec } from "./spec.ts";
import { until } from "./until.ts";

/** Starts containerd, whose images are those of earlier runs and the ones that the machine needs. */
export async function startContainerd(spec: MachineSpec): Promise<Daemon> {
  const { containerdConfig, containerdSocket } = pathsOf(spec.dir);
  await removeContainers(spec);
  const daemon = await start(spec, "containerd", containerdConfig);
  const images = await listed(containerdSocket, "images");
  for (const image of Object.values(spec.images)) {
    if (!images.includes(image.name)) await loadImage(containerdSocket, image);
  }
  return daemon;
}

/** Those of earlier runs, before Kubernetes' own part of containerd takes them up. */
async function removeContainers(spec: MachineSpec): Promise<void> {
  const { containerdBareConfig, containerdSocket } = pathsOf(spec.dir);
  const daemon = await start(spec, "containerd-bare", containerdBareConfig);
  const containers = await listed(containerdSocket, "containers");
  if (containers.length > 0) await ctr(containerdSocket, ["containers", "delete", ...containers]);
  await daemon.stop();
}

async function start({ dir }: MachineSpec, name: string, config: string): Promise<Daemon> {
  const { containerdSocket, logs } = pathsOf(dir);
  const args = ["--config", config];
  const daemon = await startDaemon({ name, command: "containerd", args }, logs);
  await until(async () => (await ctr(containerdSocket, ["version"])) !== "");
  return daemon;
}

/** Loads an archive of images, which then have the names that the archive says. */
export async function loadImage(
  socketPath: string,
  { archivePath }: Pick<LocalImage, "archivePath">,
): Promise<void> {
  await ctr(socketPath, ["images", "import", archivePath]);
}

async function listed(socketPath: string, kind: string): Promise<readonly string[]> {
  const answer = await ctr(socketPath, [kind, "list", "--quiet"]);
  return answer.split("\n").filter((line) => line !== "");
}

/** Kubernetes' own namespace of containerd. */
function ctr(socketPath: string, args: readonly string[]): Promise<string> {
  return runProcess({
    command: "ctr",
    args: ["--address", socketPath, "--namespace", "k8s.io", ...args],
  });
}
