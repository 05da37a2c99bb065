import { describe, expect, it } from "vitest";

import {
  clientOf,
  clientsOf,
  poolerOf,
  type ShownProcess,
  systemOf,
} from "../../../test/diagnose/liveOf.ts";
import type { ClientRow } from "../../model/pgbouncer.ts";
import { loginStorms } from "./loginStorm.ts";
import { THRESHOLDS } from "./thresholds.ts";

const STAYING = clientsOf(10);
/** Three seconds at the threshold. */
const ENOUGH = THRESHOLDS.loginsPerSecond * 3;

function said(shown: ShownProcess): readonly string[] {
  return loginStorms(systemOf([poolerOf(shown)]), THRESHOLDS).map(({ summary }) => summary);
}

/** PgBouncer's counter of line `app` at each sample. */
function counted(...totals: readonly number[]): ShownProcess {
  const sample = (number: number) => ({ loginsByLine: new Map([["app", totals[number] ?? 0]]) });
  return { clients: STAYING, sample };
}

describe("as PgBouncer counts logins", () => {
  it.each<{ what: string; shown: ShownProcess; named: boolean }>([
    { what: "as many as the threshold", shown: counted(500, 510, 520, 530), named: true },
    { what: "one less", shown: counted(500, 510, 520, 529), named: false },
    { what: "all in one third: a restart", shown: counted(500, 500, 600, 600), named: false },
    { what: "none in the last third", shown: counted(500, 550, 600, 600), named: false },
    {
      what: "of clients that stay: pools that fill",
      shown: {
        ...counted(500, 520, 540, 560),
        clients: (sample) => [...STAYING, ...GROWING.slice(0, sample * 20)],
      },
      named: false,
    },
    {
      what: "fewer than the clients that stay",
      shown: { ...counted(500, 510, 520, 530), clients: clientsOf(ENOUGH) },
      named: false,
    },
    {
      what: "one more than those",
      shown: { ...counted(500, 510, 520, 530), clients: clientsOf(ENOUGH - 1) },
      named: true,
    },
    {
      what: "of another line, where many clients stay",
      shown: { ...counted(500, 510, 520, 530), clients: clientsOf(100, { line: "other" }) },
      named: true,
    },
  ])("$what", ({ shown, named }) => {
    expect(said(shown)).toHaveLength(named ? 1 : 0);
  });

  it("says how many", () => {
    expect(said(counted(500, 530, 560, 590))).toEqual([
      "PgBouncer 10.244.9.9:6432 lets in 30 clients a second or more that are gone again at once: 90 in 3 s",
    ]);
  });
});

const GROWING = clientsOf(60);

/** Fifteen others in each sample. */
function passing(told: Partial<ClientRow>) {
  return Array.from({ length: 4 }, () => clientsOf(15, told));
}

function beside(all: readonly (readonly ClientRow[])[]): ShownProcess {
  return { clients: (sample) => [...STAYING, ...(all[sample] ?? [])] };
}

describe("as far as samples caught them, before 1.26", () => {
  it.each<{ what: string; shown: ShownProcess; named: boolean }>([
    {
      what: "other ones in each sample",
      shown: beside(passing({ applicationName: "stormy" })),
      named: true,
    },
    {
      what: "one less than the threshold in the two between",
      shown: beside([[], clientsOf(14), clientsOf(15), clientsOf(15)]),
      named: false,
    },
    { what: "the same ones", shown: { clients: [...STAYING, ...GROWING] }, named: false },
    {
      what: "each of another server: no one of them storms",
      shown: beside(
        Array.from({ length: 4 }, (_, sample) =>
          Array.from({ length: 15 }, (__, index) =>
            clientOf({ address: `10.244.${sample}.${index}` }),
          ),
        ),
      ),
      named: false,
    },
    {
      what: "ids that come again, from other ports",
      shown: beside(
        Array.from({ length: 4 }, (_, sample) =>
          Array.from({ length: 15 }, (__, index) =>
            clientOf({ id: `ptr${index}`, port: sample * 100 + index, applicationName: "stormy" }),
          ),
        ),
      ),
      named: true,
    },
    {
      what: "consoles",
      shown: beside(passing({ line: "pgbouncer", user: "eye" })),
      named: false,
    },
  ])("$what", ({ shown, named }) => {
    expect(said(shown)).toHaveLength(named ? 1 : 0);
  });
});

describe("sockets that log in", () => {
  const { loginsUnderWay } = THRESHOLDS;
  it.each([
    { what: "as many as are reserved", sockets: [9, 9, loginsUnderWay, 9], named: false },
    { what: "more all the time", sockets: [9, 9, loginsUnderWay + 1, 9], named: true },
  ])("$what", ({ sockets, named }) => {
    const sample = (number: number) => ({ loggingIn: sockets[number] ?? 0 });
    expect(said({ clients: STAYING, sample })).toHaveLength(named ? 1 : 0);
  });
});
