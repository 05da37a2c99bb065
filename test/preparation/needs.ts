import { type Binary, MACHINE_BINARIES } from "../../tools/binaries/catalog.ts";
import { usesExistingCluster } from "../cluster/cluster.ts";
import { machineImages, metricsServerImage } from "../../tools/cluster/machine/images.ts";
import { requireMachineParts } from "../../tools/cluster/machine/requirements.ts";
import { findIp } from "../diagnose/namespaces.ts";
import { IMAGES } from "../../tools/images/catalog.ts";
import { dockerAnswers } from "../../tools/processes/docker.ts";
import { imageArchive } from "../../tools/images/imageArchive.ts";
import { bringCoreutils } from "../parts/coreutils.ts";
import { runsAsRoot } from "../../tools/processes/owner.ts";
import { findPgBouncer } from "../parts/pgbouncer.ts";
import { oldPgBouncer } from "../parts/pgbouncer118.ts";
import { preparePostgres } from "../parts/postgres.ts";
import { findPsql } from "../synth/psql.ts";

/** This module starts kind's cluster or one on this computer: its imports do not tell which. */
export const REAL_CLUSTER = "test/cluster/realCluster.ts";

/** What is built, fetched or installed for tests. */
export interface Need {
  /** Programs that are built from source: those of all needs are built together. */
  readonly binaries?: readonly Binary[];
  /** Brings something that takes none of these programs. */
  readonly bring?: () => Promise<unknown>;
  /** Brings something that is made of these programs. */
  readonly bringFromBinaries?: () => Promise<unknown>;
  /** The need, where it depends on this computer; the other fields are ignored then. */
  readonly choose?: () => Promise<Need>;
}

/** Without root, `requireMachineParts` says what is missing, and nothing is built. */
const MACHINE: Need = runsAsRoot()
  ? { binaries: MACHINE_BINARIES, bring: requireMachineParts, bringFromBinaries: machineImages }
  : { bring: requireMachineParts };

/**
 * Needs by the paths of modules: whoever imports one of them, directly or not, has its need. A test
 * that asks for anything else fails, and its error names this file.
 */
export const NEEDS: ReadonlyMap<string, Need> = new Map<string, Need>([
  ["tools/bench/chart.test.ts", { binaries: ["helm"] }],
  ["test/compose/loader.test.ts", { binaries: ["compose-loader"] }],
  ["test/verify/composeLoader.test.ts", { binaries: ["compose-loader"] }],
  ["tools/cluster/etcd.ts", { binaries: ["etcd"] }],
  ["test/cluster/apiServer.ts", { binaries: ["kube-apiserver"] }],
  ["test/cluster/controllerManager.ts", { binaries: ["kube-controller-manager"] }],
  ["tools/cluster/kubectl.ts", { binaries: ["kubectl"] }],
  ["test/docs/shellBlocks.ts", { binaries: ["kubectl"] }],
  [
    "tools/cluster/machine/images.ts",
    {
      binaries: ["coredns", "metrics-server", "pod-program"],
      bringFromBinaries: machineImages,
    },
  ],
  ["tools/cluster/machine/machine.ts", MACHINE],
  // These start one in a process of its own.
  ["test/cluster/machineCrash.test.ts", MACHINE],
  ["test/cluster/machineUp.test.ts", MACHINE],
  ["test/cluster/up.test.ts", { choose: ownCluster }],
  ["tools/images/imageArchive.ts", { bring: bringImages }],
  ["test/parts/postgres.ts", { bring: preparePostgres }],
  ["test/parts/pgbouncer.ts", { bring: findPgBouncer }],
  ["test/parts/pgbouncer118.ts", { bring: oldPgBouncer }],
  ["test/synth/psql.ts", { bring: findPsql }],
  ["test/diagnose/namespaces.ts", { bring: findIp }],
  ["test/diagnose/ghosts.test.ts", { bring: bringServers }],
  ["test/parts/coreutils.ts", { bring: bringCoreutils }],
  [REAL_CLUSTER, { choose: realCluster }],
]);

/** The cluster that the variables name, or one of the test's own. */
async function realCluster(): Promise<Need> {
  return usesExistingCluster() ? { binaries: ["kubectl"] } : ownCluster();
}

/** kind's, or one on this computer. */
async function ownCluster(): Promise<Need> {
  if (!(await dockerAnswers())) return MACHINE;
  return { binaries: ["kubectl", "metrics-server"], bringFromBinaries: metricsServerImage };
}

/** For programs that a test starts by their path. */
async function bringServers(): Promise<void> {
  await preparePostgres();
  await findPgBouncer();
}

/** One after another, since one builder works at a time; one that fails keeps no other from it. */
async function bringImages(): Promise<void> {
  const problems: unknown[] = [];
  for (const { name } of IMAGES) {
    await imageArchive(name).catch((error: unknown) => problems.push(error));
  }
  if (problems.length > 0) throw problems[0];
}
