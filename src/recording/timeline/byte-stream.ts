/** The number formats of recordings: growing bytes to write to, and a reader over them. */

const scratch64 = new BigUint64Array(1);
const scratch32 = new Uint32Array(scratch64.buffer);

/** Which of the four bytes of a word are not zero, one bit each. */
export function byteMask(word: number): number {
  return (
    ((word & 0xff) !== 0 ? 1 : 0) |
    ((word & 0xff00) !== 0 ? 2 : 0) |
    ((word & 0xff0000) !== 0 ? 4 : 0) |
    ((word & 0xff000000) !== 0 ? 8 : 0)
  );
}

export class ByteStream {
  bytes: Uint8Array;
  top = 0;

  constructor(capacity = 1 << 12) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `count` more bytes; the writers below do not look. */
  reserve(count: number): void {
    const wanted = this.top + count;
    if (wanted <= this.bytes.length) return;
    const bigger = new Uint8Array(Math.max(wanted, this.bytes.length * 2));
    bigger.set(this.bytes.subarray(0, this.top));
    this.bytes = bigger;
  }

  /** A number from 0 to 2^53, seven bits a byte, lowest first. */
  unsigned(value: number): void {
    const bytes = this.bytes;
    let rest = value;
    while (rest > 0x7fffffff) {
      bytes[this.top++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      bytes[this.top++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[this.top++] = rest;
  }

  /** A number of either sign, below 2^52. */
  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** The bytes of a word that `mask` names. */
  masked(word: number, mask: number): void {
    const bytes = this.bytes;
    if (mask & 1) bytes[this.top++] = word;
    if (mask & 2) bytes[this.top++] = word >>> 8;
    if (mask & 4) bytes[this.top++] = word >>> 16;
    if (mask & 8) bytes[this.top++] = word >>> 24;
  }

  /** A 64-bit word: which bytes are not zero, then those. */
  word64(value: bigint): void {
    scratch64[0] = value;
    const low = scratch32[0] as number;
    const high = scratch32[1] as number;
    const lowMask = byteMask(low);
    const highMask = byteMask(high);
    this.bytes[this.top++] = lowMask | (highMask << 4);
    this.masked(low, lowMask);
    this.masked(high, highMask);
  }
}

export class ByteReader {
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
  ) {}

  unsigned(): number {
    const bytes = this.bytes;
    let byte = bytes[this.at++] as number;
    if (byte < 128) return byte;
    let value = byte & 127;
    let shift = 7;
    do {
      byte = bytes[this.at++] as number;
      if (shift < 28) value |= (byte & 127) << shift;
      else value += (byte & 127) * 2 ** shift;
      shift += 7;
    } while (byte >= 128);
    return value;
  }

  signed(): number {
    const code = this.unsigned();
    return code % 2 === 0 ? code / 2 : -(code + 1) / 2;
  }

  /** A word of which only the bytes in `mask` are stored. */
  masked(mask: number): number {
    const bytes = this.bytes;
    let word = 0;
    if (mask & 1) word = bytes[this.at++] as number;
    if (mask & 2) word |= (bytes[this.at++] as number) << 8;
    if (mask & 4) word |= (bytes[this.at++] as number) << 16;
    if (mask & 8) word |= (bytes[this.at++] as number) << 24;
    return word;
  }

  word64(): bigint {
    const mask = this.bytes[this.at++] as number;
    scratch32[0] = this.masked(mask & 15);
    scratch32[1] = this.masked(mask >>> 4);
    return scratch64[0] as bigint;
  }
}
