/** A block of IPv4 addresses: those that begin with the same bits. */
interface Block {
  readonly first: number;
  readonly bits: number;
}

/**
 * The blocks that are left of a block when others are taken out of it, as few as there can be.
 *
 * @param cidr `10.0.0.0/8`
 * @throws when one of them is no block of IPv4 addresses
 */
export function blockWithout(cidr: string, except: readonly string[]): readonly string[] {
  return without(parse(cidr), except.map(parse)).map(format);
}

function without(block: Block, taken: readonly Block[]): readonly Block[] {
  if (taken.some((other) => holds(other, block))) return [];
  const inside = taken.filter((other) => holds(block, other));
  if (inside.length === 0) return [block];
  const bits = block.bits + 1;
  const second = block.first + sizeOf(bits);
  return [block.first, second].flatMap((first) => without({ first, bits }, inside));
}

function holds(outer: Block, inner: Block): boolean {
  return (
    outer.bits <= inner.bits &&
    inner.first >= outer.first &&
    inner.first < outer.first + sizeOf(outer.bits)
  );
}

function sizeOf(bits: number): number {
  return 2 ** (32 - bits);
}

function parse(cidr: string): Block {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  const [a, b, c, d, bits] = (match?.slice(1) ?? []).map(Number);
  if (a === undefined || b === undefined || c === undefined || d === undefined) {
    throw new Error(`${cidr} is no block of IPv4 addresses such as 10.0.0.0/8`);
  }
  if (bits === undefined || bits > 32) throw new Error(`${cidr}: a prefix has 0 to 32 bits`);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  return { first: address - (address % sizeOf(bits)), bits };
}

function format({ first, bits }: Block): string {
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${bytes.join(".")}/${bits}`;
}
