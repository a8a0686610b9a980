import { assertRange } from '../../base/assert';
import type { ByteView } from '../../base/bytes';
import type { Arena, WordAddress } from './arena';

const BYTE = 'byte of an image';

/** Raw bytes inside the arena, such as one vCPU's `kvm_run` or a GHCB page. Little-endian, any alignment. */
export class Image implements ByteView {
  constructor(
    private readonly arena: Arena,
    /** First word, even. */
    readonly base: WordAddress,
    readonly byteLength: number,
  ) {}

  u8(at: number): number {
    assertRange(at, 1, this.byteLength, BYTE);
    return (this.arena.read(this.base + (at >> 2)) >>> ((at & 3) * 8)) & 0xff;
  }

  setU8(at: number, value: number): void {
    assertRange(at, 1, this.byteLength, BYTE);
    const word = this.base + (at >> 2);
    const shift = (at & 3) * 8;
    this.arena.write(word, (this.arena.read(word) & ~(0xff << shift)) | ((value & 0xff) << shift));
  }

  u16(at: number): number {
    return this.u8(at) | (this.u8(at + 1) << 8);
  }

  setU16(at: number, value: number): void {
    this.setU8(at, value);
    this.setU8(at + 1, value >>> 8);
  }

  u32(at: number): number {
    assertRange(at, 4, this.byteLength, BYTE);
    if ((at & 3) === 0) return this.arena.read(this.base + (at >> 2)) >>> 0;
    return (this.u16(at) | (this.u16(at + 2) << 16)) >>> 0;
  }

  setU32(at: number, value: number): void {
    assertRange(at, 4, this.byteLength, BYTE);
    if ((at & 3) === 0) {
      this.arena.write(this.base + (at >> 2), value);
      return;
    }
    this.setU16(at, value);
    this.setU16(at + 2, value >>> 16);
  }

  u64(at: number): bigint {
    assertRange(at, 8, this.byteLength, BYTE);
    if ((at & 7) === 0) return this.arena.read64(this.base + (at >> 2));
    return BigInt(this.u32(at)) | (BigInt(this.u32(at + 4)) << 32n);
  }

  setU64(at: number, value: bigint): void {
    assertRange(at, 8, this.byteLength, BYTE);
    if ((at & 7) === 0) {
      this.arena.write64(this.base + (at >> 2), value);
      return;
    }
    this.setU32(at, Number(value & 0xffffffffn));
    this.setU32(at + 4, Number((value >> 32n) & 0xffffffffn));
  }

  /** Zeroes `length` bytes from `at`. */
  clear(at = 0, length = this.byteLength - at): void {
    assertRange(at, length, this.byteLength, BYTE);
    const end = at + length;
    let i = at;
    while (i < end && (i & 3) !== 0) this.setU8(i++, 0);
    for (; i + 4 <= end; i += 4) this.arena.write(this.base + (i >> 2), 0);
    while (i < end) this.setU8(i++, 0);
  }

  /** A copy of the bytes as they are now. */
  toBytes(at = 0, length = this.byteLength - at): Uint8Array {
    assertRange(at, length, this.byteLength, BYTE);
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = this.u8(at + i);
    return out;
  }
}
