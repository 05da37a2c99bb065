import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { clientHost } from "../../src/render/pgbouncerFiles.ts";
import {
  budgetNames,
  MAINTENANCE_LABEL,
  MAINTENANCE_LINE,
  PGBOUNCER_PORT,
} from "../../src/api/names.ts";
import { manifestsIn } from "../golden/goldens.ts";
import { itemsOf } from "../../src/json/fields.ts";
import { podsOf } from "../golden/manifestPods.ts";
import { violations } from "../golden/restricted.ts";
import { exampleFleet } from "../system/exampleFleet.ts";

const FOLDER = new URL("../../examples/writing-servers/", import.meta.url);
const JOB = "migrate-job.yaml";

const [pod] = podsOf(manifestsIn({ name: JOB, text: readFileSync(new URL(JOB, FOLDER), "utf8") }));
const [container = {}] = pod?.containers ?? [];

const fleet = exampleFleet({ host: "127.0.0.1", port: 5432 });
const [budget] = fleet.budgets;

describe("the Job of the example's migrations", () => {
  it("is as restricted as weir's own pods", () => {
    expect(pod && violations(pod)).toEqual([]);
    expect(pod?.spec).toMatchObject({ automountServiceAccountToken: false });
    expect(container).toMatchObject({ securityContext: { readOnlyRootFilesystem: true } });
  });

  it("goes through the maintenance line of the example's budget, which its label lets it reach", () => {
    const { name, namespace } = budget?.metadata ?? { name: "", namespace: "" };
    expect(pod).toMatchObject({ namespace, labels: { [MAINTENANCE_LABEL]: name } });
    expect(itemsOf(container, "env")).toEqual([
      { name: "PGHOST", value: budget && clientHost(budget) },
      { name: "PGPORT", value: String(PGBOUNCER_PORT) },
      { name: "PGDATABASE", value: MAINTENANCE_LINE },
      { name: "PGUSER", value: MAINTENANCE_LINE },
      {
        name: "PGPASSWORD",
        valueFrom: { secretKeyRef: { name: budgetNames(name).maintenanceSecret, key: "password" } },
      },
    ]);
  });

  it("runs a program of the servers' own image", () => {
    expect(new Set(fleet.servers.map(({ spec }) => spec.image))).toEqual(
      new Set([container["image"]]),
    );
    expect(container["args"]).toEqual(["migrate.ts"]);
    expect(existsSync(new URL("migrate.ts", FOLDER))).toBe(true);
  });
});
