import { runProcess } from "../../processes/processes.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { pathsOf } from "./paths.ts";
import type { LocalImage, MachineSpec } from "./spec.ts";
import { until } from "../readiness.ts";

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

/** Containers of earlier runs, and images that nothing names, before Kubernetes' own part of containerd takes them up. */
async function removeContainers(spec: MachineSpec): Promise<void> {
  const { containerdBareConfig, containerdSocket } = pathsOf(spec.dir);
  const daemon = await start(spec, "containerd-bare", containerdBareConfig);
  const containers = await listed(containerdSocket, "containers");
  if (containers.length > 0) await ctr(containerdSocket, ["containers", "delete", ...containers]);
  const unnamed = await unnamedImages(containerdSocket);
  if (unnamed.length > 0) await ctr(containerdSocket, ["images", "delete", "--sync", ...unnamed]);
  await daemon.stop();
}

/** Those whose name another image has got since: else every build of an image would stay for ever. */
async function unnamedImages(socketPath: string): Promise<readonly string[]> {
  const [, ...lines] = (await ctr(socketPath, ["images", "list"])).trim().split("\n");
  const images = lines
    .map((line) => line.split(/\s+/))
    .map(([name = "", , digest]) => ({ name, digest }));
  const named = images.filter(({ name }) => !isDigest(name)).map(({ digest }) => digest);
  return images.flatMap(({ name, digest }) =>
    isDigest(name) && !named.includes(digest) ? name : [],
  );
}

function isDigest(name: string): boolean {
  return name.startsWith("sha256:");
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
