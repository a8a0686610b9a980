/** The scratch area of a request: where the guest put what does not fit into registers. */
import { GHCB_ERR_INVALID_SCRATCH_AREA } from '../../abi/error-words';
import { GHCB_SHARED_BUFFER, GHCB_SHARED_BUFFER_END } from '../../abi/ghcb-page';
import type { Image } from '../memory/image';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';
import { answerPage, malformed, type Handled } from './ghcb';

const PAGE = 0xfffn;
const WORD_64 = 1n << 64n;

/** Bytes inside the shared buffer of the GHCB page. */
export interface Scratch {
  readonly page: Image;
  /** Offset in the page. */
  readonly at: number;
  /** Bytes from there to the end of the shared buffer. */
  readonly lengthBytes: number;
}

/** setup_vmgexit_scratch. @param minimum bytes that the request needs */
export function setupScratch(world: World, vcpu: Vcpu, minimum: bigint): Scratch | Handled {
  const gpa = vcpu.swScratch;
  const bad = (): Handled => malformed(world, vcpu, GHCB_ERR_INVALID_SCRATCH_AREA, 'ScratchInvalid');
  if (gpa === 0n || gpa + minimum >= WORD_64) return bad();
  if ((gpa & ~PAGE) === vcpu.ghcbGpa) {
    const at = Number(gpa & PAGE);
    if (at < GHCB_SHARED_BUFFER || BigInt(at) + minimum > BigInt(GHCB_SHARED_BUFFER_END)) return bad();
    vcpu.scratchGpa = gpa;
    return { page: answerPage(world, vcpu), at, lengthBytes: GHCB_SHARED_BUFFER_END - at };
  }
  if (world.vm.ghcbVersion >= 2 && world.facet('scratch.outsideGhcb') === 'refusedFromV2') return bad();
  world.finding('unmodelled', 'a scratch area outside the GHCB page');
  return bad();
}

export function isScratch(result: Scratch | Handled): result is Scratch {
  return typeof result === 'object' && 'page' in result;
}

/** The scratch area of the request in hand, across an exit to userspace. */
export function scratchAgain(world: World, vcpu: Vcpu): Scratch {
  const at = Number(vcpu.scratchGpa & PAGE);
  return { page: answerPage(world, vcpu), at, lengthBytes: GHCB_SHARED_BUFFER_END - at };
}
