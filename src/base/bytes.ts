/** Little-endian access to bytes that one side writes and another side reads. */

/**
 * Bytes with little-endian accessors. Offsets and lengths are in bytes. Numbers are unsigned; 64-bit values are `bigint`.
 * Accessors throw `RangeError` outside `0..byteLength`; setters keep the low bits of what they are given.
 */
export interface ByteView {
  readonly byteLength: number;
  u8(at: number): number;
  u16(at: number): number;
  u32(at: number): number;
  u64(at: number): bigint;
  setU8(at: number, value: number): void;
  setU16(at: number, value: number): void;
  setU32(at: number, value: number): void;
  setU64(at: number, value: bigint): void;
}

/** A {@link ByteView} over `bytes` itself: writes go through to the array. */
export function bytesView(bytes: Uint8Array): ByteView {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    byteLength: bytes.byteLength,
    u8: (at) => data.getUint8(at),
    u16: (at) => data.getUint16(at, true),
    u32: (at) => data.getUint32(at, true),
    u64: (at) => data.getBigUint64(at, true),
    setU8: (at, value) => data.setUint8(at, value),
    setU16: (at, value) => data.setUint16(at, value, true),
    setU32: (at, value) => data.setUint32(at, value, true),
    setU64: (at, value) => data.setBigUint64(at, value, true),
  };
}

/** A copy of `length` bytes of `view` from `at`. */
export function copyBytes(view: ByteView, at: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = view.u8(at + index);
  return bytes;
}

/** Bytes read as one unsigned little-endian integer of any width; no bytes are 0. */
export function littleEndian(bytes: Uint8Array): bigint {
  let digits = '';
  // The zeros at the end are the high digits: most of a page is zero.
  for (let index = bytes.findLastIndex((byte) => byte !== 0); index >= 0; index--)
    digits += hexOfByte[bytes[index] as number];
  return BigInt(`0x${digits || '0'}`);
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** `value` as `length` little-endian bytes; higher bits are dropped. */
export function littleEndianBytes(value: bigint, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  // By the digits: a shift for every byte would copy the whole value each time.
  const digits = BigInt.asUintN(8 * length, value).toString(16);
  for (let index = 0, end = digits.length; end > 0; index++, end -= 2)
    bytes[index] = Number.parseInt(digits.slice(Math.max(0, end - 2), end), 16);
  return bytes;
}
