import { expect, test } from "vitest";
import { decodedText } from "./decodedText.ts";

const TEXT = "größe: 1 🐘\n";
const LITTLE = Buffer.from(`\u{feff}${TEXT}`, "utf16le");

test.each([
  ["UTF-8", Buffer.from(TEXT)],
  ["UTF-8 with a byte order mark", Buffer.from(`\u{feff}${TEXT}`)],
  ["UTF-16, little end first", LITTLE],
  ["UTF-16, big end first", Buffer.from(LITTLE).swap16()],
])("reads %s", (_, bytes) => {
  expect(decodedText(bytes)).toBe(TEXT);
});

test.each([
  ["Latin-1", Buffer.from("größe", "latin1"), "gr\u{fffd}\u{fffd}e"],
  ["half a character of UTF-16", Buffer.from([0xff, 0xfe, 0x61]), "\u{fffd}"],
  ["nothing", Buffer.of(), ""],
  ["UTF-16 without a mark", Buffer.from("ab", "utf16le"), "a\0b\0"],
])("marks what it can't decode: %s", (_, bytes, text) => {
  expect(decodedText(bytes)).toBe(text);
});
