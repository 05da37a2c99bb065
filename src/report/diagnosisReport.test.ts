import { describe, expect, test } from "vitest";
import type { Diagnosis, Holder } from "../diagnose/causes/diagnosis.ts";
import { diagnosisReport } from "./diagnosisReport.ts";

const AUTHOR = {
  line: "author",
  user: "author",
  application: "author-mcp",
  address: "10.0.0.7",
  workload: "Deployment writing/author",
  pod: "author-6d9f-x2x7k",
  poolMax: 5,
  clients: 9,
  busy: 2,
  waiting: 1,
};

const SICK: Diagnosis = {
  causes: [
    {
      kind: "PoolSettingIgnored",
      summary: "pod author-6d9f-x2x7k holds 9 connections, where its pool is set to 5",
      evidence: ["9 clients of line author from 10.0.0.7", "set in env DB_POOL_MAX_PER_SERVER"],
      next: ["let the program read DB_POOL_MAX_PER_SERVER", "kubectl rollout restart"],
    },
  ],
  symptoms: [
    {
      summary: "line scene of PgBouncer 10.0.0.2:6432 is paused; 0 clients wait",
      next: ["find out who paused it and why", "RESUME scene"],
    },
  ],
  poolers: [
    {
      address: "10.0.0.2:6432",
      version: "1.26.1",
      access: "as stats user weir_stats; a console takes 1 of max_client_conn 20",
      maxClientConn: 20,
      used: 12,
      holders: [
        AUTHOR,
        {
          line: "scene",
          user: "reader",
          application: "",
          address: "unix",
          clients: 1,
          busy: 0,
          waiting: 0,
        },
      ],
      lines: [
        { name: "scene", clients: 1, waiting: 0, backends: 0, backendsMax: 4, paused: true },
        {
          name: "author",
          clients: 9,
          clientsMax: 10,
          waiting: 1,
          backends: 5,
          backendsMax: 5,
        },
      ],
    },
  ],
  postgres: {
    address: "pg:5432",
    version: "17.2",
    available: 97,
    maxConnections: 100,
    open: 5,
    roles: [{ role: "writing", open: 5, limit: 97, active: 2, idleInTransaction: 0 }],
  },
  workloads: [
    {
      name: "Deployment writing/author",
      line: "author",
      user: "author",
      poolMax: 5,
      poolMaxFrom: "DB_POOL_MAX_PER_SERVER",
      processesPerPod: 2,
      replicas: 1,
      peakPods: 2,
      pods: [
        { name: "author-6d9f-x2x7k", address: "10.0.0.7", ready: true, terminating: false },
        { name: "author-5c8e-9qqdl", ready: false, terminating: true },
      ],
    },
    { name: "Job writing/import", processesPerPod: 1, replicas: 1, pods: [] },
  ],
  unavailable: [
    { what: "PgBouncer 10.0.0.3:6432", why: "it does not answer", next: "look at its log" },
  ],
};

const WELL: Diagnosis = { causes: [], symptoms: [], poolers: [], unavailable: [] };

/** Its numbers stand together, however narrow the terminal. */
function isRow(line: string): boolean {
  return /\S {2,}\S/.test(line);
}

describe("a diagnosis", () => {
  test.each([
    ["diagnosis", 100, false],
    ["diagnosis-narrow", 50, false],
    ["diagnosis-colour", 100, true],
  ])("is shown as in golden/%s.txt", async (name, columns, colour) => {
    await expect(diagnosisReport(SICK, { columns, colour })).toMatchFileSnapshot(
      `golden/${name}.txt`,
    );
  });

  test("of nothing wrong says so, and how sure that is", () => {
    const screen = { columns: 100, colour: false };
    expect(diagnosisReport(WELL, screen)).toBe("✓ Nothing is wrong\n");
    expect(diagnosisReport({ ...WELL, unavailable: SICK.unavailable }, screen)).toMatch(
      /^✓ Nothing is wrong as far as weir could see: 1 thing it could not, see below\n\nNot available\n/,
    );
  });

  test("of something wrong without a proved cause, or of what failed to answer, is no well", () => {
    const screen = { columns: 100, colour: false };
    expect(diagnosisReport({ ...WELL, symptoms: SICK.symptoms }, screen)).toMatch(
      /^\? No cause is proved, but it can't be said that all is well\n\n! Not well: line scene/,
    );
    const [first] = SICK.unavailable;
    const failed = first === undefined ? [] : [{ ...first, failed: true } as const];
    expect(diagnosisReport({ ...WELL, unavailable: failed }, screen)).toMatch(
      /^\? weir can't know whether something is wrong: it could not ask PgBouncer 10\.0\.0\.3:6432\n/,
    );
  });

  test.each([40, 60, 80, 120])("keeps to %i columns, but for rows of numbers", (columns) => {
    const lines = diagnosisReport(SICK, { columns, colour: false }).split("\n");
    const tooWide = lines.filter((line) => line.length > columns && line.trim().includes(" "));
    expect(tooWide.filter((line) => !isRow(line))).toEqual([]);
  });

  test("names a console of weir's, such as the operator's, and nobody who only says so", () => {
    const [pooler] = SICK.poolers;
    const named = { ...AUTHOR, user: "weir_stats", application: "weir-0123456789ab", clients: 1 };
    const holders = [
      { ...named, line: "pgbouncer" },
      { ...named, line: "author" },
    ];
    const poolers = pooler === undefined ? [] : [{ ...pooler, holders }];
    const table = diagnosisReport({ ...SICK, poolers }, { columns: 100, colour: false });
    expect(table).toContain("weir_stats, a console of weir's, 10.0.0.7");
    expect(table).toContain("weir_stats, application weir-0123456789ab, 10.0.0.7");
  });

  test("of very many holders shows the first ones, and how many more there are", () => {
    const many = Array.from({ length: 100 }, (_, index): Holder => ({
      ...AUTHOR,
      address: `10.0.1.${index}`,
      clients: 1,
    }));
    const [pooler] = SICK.poolers;
    const poolers = pooler === undefined ? [] : [{ ...pooler, holders: many }];
    const table = diagnosisReport({ ...SICK, poolers }, { columns: 100, colour: false });

    expect(table).toContain("10.0.1.39 →");
    expect(table).not.toContain("10.0.1.40 →");
    expect(table).toContain("… 60 more; --output json has all who hold these 100");
  });
});
