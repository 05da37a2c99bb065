/** The encodings that a byte order mark names; without one a text is UTF-8. */
const MARKS = [
  { encoding: "utf-16le", mark: [0xff, 0xfe] },
  { encoding: "utf-16be", mark: [0xfe, 0xff] },
] as const;

/**
 * The text of a file, without its byte order mark: UTF-16 where it begins with one, else UTF-8.
 * U+FFFD stands for bytes that are not of the encoding.
 */
export function decodedText(bytes: Uint8Array): string {
  const found = MARKS.find(({ mark }) => mark.every((byte, index) => bytes[index] === byte));
  return new TextDecoder(found?.encoding ?? "utf-8").decode(bytes);
}
