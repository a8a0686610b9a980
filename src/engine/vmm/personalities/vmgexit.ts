/**
 * KVM_EXIT_VMGEXIT as the QEMU tree of its time handled it (snp-latest of early 2024): the VMM walks the guest's buffer
 * itself. The exit never reached mainline, and neither did this code.
 */
import { gfnToGpa, gpaToGfn } from '../../../abi/address';
import { ghcbMsrInfo, pscRequest, pscResponse } from '../../../abi/ghcb-msr';
import { ghcbPage, GHCB_SHARED_BUFFER, GHCB_SHARED_BUFFER_END } from '../../../abi/ghcb-page';
import { errno } from '../../../abi/errno';
import {
  kvmRunVmgexitPsc,
  kvmRunVmgexitPscMsr,
  kvmRunVmgexitRaw,
  KVM_EXIT_VMGEXIT_RAW,
  KVM_USER_VMGEXIT_PSC,
  KVM_USER_VMGEXIT_PSC_MSR,
} from '../../../abi/kvm-run';
import {
  PSC_GENERIC_ERROR,
  PSC_INVALID_HDR,
  PSC_MAX_ENTRIES,
  PSC_OP_PRIVATE,
  pscBuffer,
  readPscEntry,
  writeCurPage,
} from '../../../abi/psc';
import { bytesView, type ByteView } from '../../../base/bytes';
import { kvmReadGuest, kvmWriteGuest } from '../../kvm/memory/guest-memory';
import type { Conversion, ConversionResult } from './convert';
import { again, stop, type Exit, type Verdict } from './personality';

/** Converts a range as this VMM does. */
type Convert = (exit: Exit, conversion: Conversion) => ConversionResult;

const BUFFER_SIZE = GHCB_SHARED_BUFFER_END - GHCB_SHARED_BUFFER;
const MINUS_EINVAL = BigInt.asUintN(32, -BigInt(errno.EINVAL));

/** The VMM's answer to one exit. */
export function answerVmgexit(exit: Exit, convert: Convert, injected: bigint | undefined): Verdict {
  if (exit.reason === KVM_EXIT_VMGEXIT_RAW) return answerRaw(exit, convert, injected);
  const { run } = exit;
  const type = kvmRunVmgexitPsc.get(run, 'type');
  if (type === KVM_USER_VMGEXIT_PSC) {
    const gpa = kvmRunVmgexitPsc.get(run, 'sharedGpa');
    const ret = injected ?? convertBuffer(exit, convert, gpa);
    kvmRunVmgexitPsc.set(run, 'ret', ret);
    exit.world.move('vmmWritesRet', exit.index, { ret });
    return again;
  }
  if (type !== KVM_USER_VMGEXIT_PSC_MSR) return stop(`unknown vmgexit type: ${type}`, 'HistoricalVmgexit');
  const gpa = kvmRunVmgexitPscMsr.get(run, 'gpa');
  const toPrivate = kvmRunVmgexitPscMsr.get(run, 'op') === PSC_OP_PRIVATE;
  const failed = injected === undefined ? convert(exit, { gpa, pages: 1n, toPrivate }) : undefined;
  if (failed) exit.world.move('vmmConvertFails', exit.index, { why: failed.failed });
  // The negative errno of the conversion is stored as it is, and ends the vCPU loop too.
  const ret = injected ?? (failed ? MINUS_EINVAL : 0n);
  kvmRunVmgexitPscMsr.set(run, 'ret', Number(BigInt.asUintN(32, ret)));
  exit.world.move('vmmWritesRet', exit.index, { ret });
  return failed ? stop(`conversion failed: ${failed.failed}`, 'HistoricalVmgexit') : again;
}

/** The form without types: the MSR value is a request, or the address of a GHCB page with one. */
function answerRaw(exit: Exit, convert: Convert, injected: bigint | undefined): Verdict {
  const { run, world, index } = exit;
  const msr = kvmRunVmgexitRaw.get(run, 'ghcbMsr');
  if (ghcbMsrInfo(msr) !== 0) {
    const { gfn, operation } = pscRequest.decode(msr);
    const page = { gpa: gfnToGpa(gfn), pages: 1n, toPrivate: operation === PSC_OP_PRIVATE };
    const failed = injected === undefined ? convert(exit, page) : undefined;
    const error = Number(BigInt.asUintN(32, injected ?? (failed ? MINUS_EINVAL : 0n)));
    const value = pscResponse.encode({ error });
    kvmRunVmgexitRaw.set(run, 'ghcbMsr', value);
    world.move('vmmWritesData', index, { value });
    return again;
  }
  const page = world.findImage('shared', gpaToGfn(msr));
  const ret =
    injected ?? (page ? convertBuffer(exit, convert, ghcbPage.get(page, 'swScratch')) : PSC_GENERIC_ERROR);
  kvmRunVmgexitRaw.set(run, 'ret', ret);
  world.move('vmmWritesRet', index, { ret });
  return again;
}

/** The buffer as this VMM processes it: a copy that it writes back at the end. */
class BufferCopy {
  private readonly view: ByteView;
  constructor(readonly bytes: Uint8Array) {
    this.view = bytesView(bytes);
  }
  get current(): number {
    return pscBuffer.get(this.view, 'curEntry');
  }
  set current(index: number) {
    pscBuffer.set(this.view, 'curEntry', index);
  }
  get end(): number {
    return pscBuffer.get(this.view, 'endEntry');
  }
  entry(index: number): { gfn: number; pages: number; toPrivate: boolean } {
    const { gfn, pages, operation } = readPscEntry(this.view, index);
    // Every operation but private is treated as shared, SMASH and UNSMASH included.
    return { gfn, pages, toPrivate: operation === PSC_OP_PRIVATE };
  }
  setCurrentPage(index: number, pages: number): void {
    writeCurPage(this.view, { index }, pages);
  }
}

/** kvm_handle_vmgexit_psc of that tree. @returns what becomes SW_EXITINFO2 */
function convertBuffer(exit: Exit, convert: Convert, gpa: bigint): bigint {
  const { world } = exit;
  const bytes = kvmReadGuest(world, gpa, BUFFER_SIZE);
  if (!bytes) return PSC_GENERIC_ERROR;
  const buffer = new BufferCopy(bytes);
  if (buffer.end >= PSC_MAX_ENTRIES) return PSC_INVALID_HDR;
  if (buffer.current > buffer.end) return 0n;
  let ret = 0n;
  for (let range = nextRange(buffer); range; range = nextRange(buffer)) {
    const failed = convert(exit, {
      gpa: gfnToGpa(range.gfn),
      pages: BigInt(range.pages),
      toPrivate: range.toPrivate,
    });
    if (failed) {
      world.move('vmmConvertFails', exit.index, { why: failed.failed });
      ret = PSC_GENERIC_ERROR;
      break;
    }
    buffer.current += range.entries;
  }
  kvmWriteGuest(world, gpa, bytes);
  return ret;
}

interface BufferRange {
  readonly gfn: number;
  readonly pages: number;
  readonly toPrivate: boolean;
  readonly entries: number;
}

/** Adjacent entries with consecutive frames, of any sizes. cur_page is written before the range is converted. */
function nextRange(buffer: BufferCopy): BufferRange | undefined {
  const first = buffer.current;
  if (first > buffer.end) return undefined;
  const { gfn, toPrivate } = buffer.entry(first);
  let pages = 0;
  let index = first;
  for (; index <= buffer.end; index++) {
    const entry = buffer.entry(index);
    if (entry.gfn !== gfn + pages || entry.toPrivate !== toPrivate) break;
    pages += entry.pages;
    buffer.setCurrentPage(index, entry.pages);
  }
  return { gfn, pages, toPrivate, entries: index - first };
}
