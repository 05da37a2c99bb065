/**
 * A name for a content: FNV-1a, 64 bits, of its UTF-8 bytes, as 16 hexadecimal digits. Not
 * cryptographic: charts are pure, so node:crypto is out, and Web Crypto answers only later. Should
 * two contents ever share a name, the API server refuses the second, since what carries the name is
 * immutable.
 */
export function contentHash(text: string): string {
  // The state in two halves. The prime is 2^40 + 0x1b3: times 0x1b3, plus itself 40 bits higher.
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of new TextEncoder().encode(text)) {
    low = (low ^ byte) >>> 0;
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 2 ** 32) + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  return hex(high) + hex(low);
}

function hex(half: number): string {
  return half.toString(16).padStart(8, "0");
}
