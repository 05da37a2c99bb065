import { expect, it } from "vitest";

import { isUnanswered } from "./silence.ts";

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";
const MINE = 0x9c40;
const PGBOUNCER = 0x1920;

function socket(local: string, remote: string, resent: string): string {
  return `   2: ${local} ${remote} 04 00000001:00000000 01:00000010 ${resent}     0        0 3106610 2\n`;
}

const answered = socket("0100000A:9C40", "0200000A:1920", "00000000");
const unanswered = socket("0100000A:9C40", "0200000A:1920", "0000000A");
const other = socket("0100000A:9C41", "0200000A:1920", "00000003");
const turned = socket("0200000A:1920", "0100000A:9C40", "00000003");
const sixth = socket(`${"0".repeat(32)}:9C40`, `${"0".repeat(32)}:1920`, "00000001");

it.each([
  ["nothing is told", "", false],
  ["only others are told of", HEAD + other + turned, false],
  ["nothing was sent again", HEAD + answered + other, false],
  ["it was sent again", HEAD + other + unanswered, true],
  ["it was sent again over IPv6", HEAD + sixth, true],
  ["one of two with the same ports was answered", HEAD + unanswered + HEAD + answered, false],
])("where %s", (_, tables, isSo) => {
  expect(isUnanswered(tables, MINE, PGBOUNCER)).toBe(isSo);
});
