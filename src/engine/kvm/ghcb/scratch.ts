/**
 * The scratch area of a request: where the guest put what does not fit into registers. Inside the shared buffer of the
 * GHCB page KVM works on the guest's own bytes. Elsewhere it works on a copy, and writes the copy back at the next entry.
 */
import { PAGE_SIZE, pageOffset, pageStart } from '../../../abi/address';
import { errno } from '../../../abi/errno';
import { GHCB_ERR_INVALID_SCRATCH_AREA } from '../../../abi/error-words';
import { GHCB_SHARED_BUFFER, GHCB_SHARED_BUFFER_END } from '../../../abi/ghcb-page';
import { SCRATCH_AREA_LIMIT } from '../../../abi/nae';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { answerPage, failRequest, malformed, type Handled } from './ghcb';
import { HostOops } from '../memory/host-fault';
import { kvmReadGuest, kvmWriteGuest } from '../memory/guest-memory';

const WORD_64 = 1n << 64n;
/** Image pages that a copy of the largest size needs. */
const COPY_PAGES = SCRATCH_AREA_LIMIT / PAGE_SIZE;

/** The finding of an access behind the copy, which conformance cases look for. */
export const COPY_OVERRUN = 'KVM reads or writes beyond its copy of the scratch area';
/** The same behind the GHCB page. */
export const PAGE_OVERRUN = 'KVM reads or writes beyond the GHCB page';

/** Bytes that a handler reads and writes in any order. */
export interface ScratchBytes {
  u8(at: number): number;
  u32(at: number): number;
  setU8(at: number, value: number): void;
  setU32(at: number, value: number): void;
}

export interface Scratch {
  readonly page: ScratchBytes;
  /** Offset of the area in `page`. */
  readonly at: number;
  /** Bytes from there on: to the end of the shared buffer, or all of the copy. */
  readonly lengthBytes: number;
}

export interface ScratchNeed {
  /** Bytes that the request needs. */
  readonly minimum: bigint;
  /** A copy is written back at the next entry. */
  readonly sync: boolean;
}

/** Why a scratch area cannot be used. */
export type ScratchProblem = 'invalid' | 'unreadable';

/** setup_vmgexit_scratch. */
export function setupScratch(world: World, vcpu: Vcpu, need: ScratchNeed): Scratch | Handled {
  const found = findScratch(world, vcpu, need);
  return isScratch(found) ? found : refuseScratch(world, vcpu, found);
}

/** What every event but some batches of page state changes answers to a bad scratch area. */
export function refuseScratch(world: World, vcpu: Vcpu, problem: ScratchProblem): Handled {
  if (problem === 'unreadable') return failRequest(world, vcpu, errno.EFAULT, 'ScratchUnreadable');
  return malformed(world, vcpu, GHCB_ERR_INVALID_SCRATCH_AREA, 'ScratchInvalid');
}

export function findScratch(
  world: World,
  vcpu: Vcpu,
  { minimum, sync }: ScratchNeed,
): Scratch | ScratchProblem {
  const gpa = vcpu.swScratch;
  if (gpa === 0n || gpa + minimum >= WORD_64) return 'invalid';
  if (pageStart(gpa) === vcpu.ghcbGpa) {
    const at = pageOffset(gpa);
    if (at < GHCB_SHARED_BUFFER || BigInt(at) + minimum > BigInt(GHCB_SHARED_BUFFER_END)) return 'invalid';
    vcpu.scratchGpa = gpa;
    return scratchAgain(world, vcpu);
  }
  const outside = world.vm.ghcbVersion >= 2 ? world.facet('scratch.outsideGhcb') : undefined;
  if (outside === 'refusedFromV2') return 'invalid';
  if (minimum > BigInt(SCRATCH_AREA_LIMIT)) return 'invalid';
  return copyScratch(world, vcpu, { lengthBytes: Number(minimum), sync });
}

function copyScratch(
  world: World,
  vcpu: Vcpu,
  { lengthBytes, sync }: { lengthBytes: number; sync: boolean },
): Scratch | ScratchProblem {
  const bytes = kvmReadGuest(world, vcpu.swScratch, lengthBytes);
  if (!bytes) return 'unreadable';
  vcpu.scratchGpa = vcpu.swScratch;
  vcpu.scratchCopied = true;
  vcpu.scratchBytes = lengthBytes;
  vcpu.scratchSync = sync;
  const copy = new ScratchCopy(world, vcpu);
  bytes.forEach((byte, at) => copy.setU8(at, byte));
  world.move('scratchCopied', vcpu.index, { gpa: vcpu.scratchGpa, length: lengthBytes }, 'ScratchCopied');
  return { page: copy, at: 0, lengthBytes };
}

export function isScratch(result: Scratch | Handled | ScratchProblem): result is Scratch {
  return typeof result === 'object' && 'page' in result;
}

/** The scratch area of the request in hand, across an exit to userspace. */
export function scratchAgain(world: World, vcpu: Vcpu): Scratch {
  if (vcpu.scratchCopied) {
    return { page: new ScratchCopy(world, vcpu), at: 0, lengthBytes: vcpu.scratchBytes };
  }
  const at = pageOffset(vcpu.scratchGpa);
  return { page: answerPage(world, vcpu), at, lengthBytes: GHCB_SHARED_BUFFER_END - at };
}

/** For kernels whose limits let a walk leave the GHCB page: memory behind it reads as zero, and a write to it is lost. */
export function withinPage(world: World, scratch: Scratch): Scratch {
  const { page } = scratch;
  let overrun = false;
  const inside = (at: number): boolean => {
    if (at < PAGE_SIZE) return true;
    if (!overrun) world.finding('violation', PAGE_OVERRUN);
    overrun = true;
    return false;
  };
  const bytes = {
    u8: (at: number): number => (inside(at) ? page.u8(at) : world.vm.byteBehindPages),
    setU8: (at: number, value: number): void => {
      if (inside(at)) page.setU8(at, value & 0xff);
    },
  };
  return {
    ...scratch,
    page: { ...bytes, u32: (at) => u32Of(bytes, at), setU32: (at, value) => setU32Of(bytes, at, value) },
  };
}

type Bytes = Pick<ScratchBytes, 'u8' | 'setU8'>;

const u32Of = (bytes: Bytes, at: number): number =>
  (bytes.u8(at) | (bytes.u8(at + 1) << 8) | (bytes.u8(at + 2) << 16) | (bytes.u8(at + 3) << 24)) >>> 0;

function setU32Of(bytes: Bytes, at: number, value: number): void {
  for (let i = 0; i < 4; i++) bytes.setU8(at + i, value >>> (8 * i));
}

/** KVM's copy. A page of it gets an image once it is not all zero. */
class ScratchCopy implements ScratchBytes {
  private overrun = false;
  constructor(
    private readonly world: World,
    private readonly vcpu: Vcpu,
  ) {}

  private frame(at: number): number {
    return this.vcpu.index * COPY_PAGES + Math.floor(at / PAGE_SIZE);
  }

  /**
   * The memory behind the copy is another kernel allocation with unknown content. Here it is zero until KVM writes to it,
   * and the finding says that the rest of the request depends on that.
   */
  private check(at: number): void {
    if (at < this.vcpu.scratchBytes || this.overrun) return;
    this.overrun = true;
    this.world.finding('violation', COPY_OVERRUN);
    if (this.vcpu.scratchBytes > 0 || this.world.vm.emptyCopiesReadable) return;
    throw new HostOops('access through the pointer of an empty allocation', 'EmptyCopyRead');
  }

  u8(at: number): number {
    this.check(at);
    return this.world.findImage('scratch', this.frame(at))?.u8(at % PAGE_SIZE) ?? 0;
  }

  setU8(at: number, value: number): void {
    this.check(at);
    const frame = this.frame(at);
    const isZero = (value & 0xff) === 0;
    const page = isZero ? this.world.findImage('scratch', frame) : this.world.image('scratch', frame);
    page?.setU8(at % PAGE_SIZE, value);
  }

  u32(at: number): number {
    return u32Of(this, at);
  }

  setU32(at: number, value: number): void {
    setU32Of(this, at, value);
  }

  bytes(): Uint8Array {
    return Uint8Array.from({ length: this.vcpu.scratchBytes }, (_, at) => this.u8(at));
  }

  free(): void {
    for (let page = 0; page < COPY_PAGES; page++) {
      this.world.dropImage('scratch', this.frame(page * PAGE_SIZE));
    }
  }
}

/** At guest entry: the copy is written back if the request says so, and freed. */
export function releaseScratch(world: World, vcpu: Vcpu): void {
  if (!vcpu.scratchCopied) return;
  const copy = new ScratchCopy(world, vcpu);
  if (vcpu.scratchSync) {
    kvmWriteGuest(world, vcpu.scratchGpa, copy.bytes());
    world.move(
      'scratchWrittenBack',
      vcpu.index,
      { gpa: vcpu.scratchGpa, length: vcpu.scratchBytes },
      'ScratchCopied',
    );
  }
  copy.free();
  vcpu.scratchCopied = false;
  vcpu.scratchSync = false;
  vcpu.scratchBytes = 0;
}
