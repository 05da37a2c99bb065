import { PRODUCTS } from "../verify/products.ts";
import { describe, expect, it } from "vitest";
import { systemRuntime } from "../../src/runtime/runtime.ts";
import { readComposeProject } from "../../src/diagnose/gather/readComposeProject.ts";
import { mostReplicas } from "../../src/budget/sums.ts";
import { goldens } from "../golden/goldens.ts";
import { folderOf } from "./written.ts";

/** What `weir diagnose --compose` takes for the plan is the plan: else it accuses who keeps it. */

const NO_DOCKER = { PATH: "/absent" };

/** Those with a server that is made. */
const FLEETS = goldens().filter(({ name }) => name !== "alone" && name !== "tryout");

describe.each(FLEETS)("the golden fleet $name", (golden) => {
  it("is read as it was planned, up to the most containers of each server", async () => {
    const folder = folderOf(golden);
    const texts = new Map([["/out/compose.yaml", folder.composeYaml]]);
    for (const { path, files } of folder.configs) {
      for (const [name, text] of Object.entries(files)) texts.set(`/out/${path}/${name}`, text);
    }
    const read = (path: string) => {
      const text = texts.get(path);
      if (text === undefined) throw new Error(`${path}: ENOENT`);
      return text;
    };
    const world = { env: NO_DOCKER, read, runtime: systemRuntime, products: PRODUCTS };
    const askDocker = readComposeProject("/out/compose.yaml", world);
    const { workloads } = await askDocker(new Set());

    const made = golden.planned.filter(({ budget }) => !budget.spec.pgbouncer.existing);
    const planned = made
      .flatMap(({ servers }) => servers)
      .filter(({ server }) => server.spec.image !== undefined)
      .map(({ server, plan }) => ({
        line: server.metadata.name,
        poolMax: plan.limit,
        peakPods: mostReplicas(server),
        processesPerPod: server.spec.pool.processesPerPod,
      }));
    expect(planned).not.toEqual([]);
    const told = workloads.map(({ line, poolMax, peakPods, processesPerPod }) => ({
      line,
      poolMax,
      peakPods,
      processesPerPod,
    }));
    expect(told.toSorted(byLine)).toEqual(planned.toSorted(byLine));
  });
});

interface OnLine {
  readonly line: string | undefined;
}

function byLine(a: OnLine, b: OnLine): number {
  return (a.line ?? "").localeCompare(b.line ?? "");
}
