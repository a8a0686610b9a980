/** Memory instructions of the guest: PVALIDATE, RMPADJUST, loads and stores. */
import {
  gfn as toGfn,
  gfnToGpa,
  gpaToGfn,
  isPageAligned,
  PAGE_SIZE,
  PAGES_PER_LARGE_PAGE,
  type Gfn,
} from '../../abi/address';
import { unmodelled } from '../../base/assert';
import { littleEndian } from '../../base/bytes';
import { hexToBytes } from '../../base/hex';
import { PVALIDATE_FAIL_NOUPDATE, RMP_FAIL_INUSE, RMP_SUCCESS } from '../../abi/rmp';
import { vmsa, vmsaInitValues } from '../../abi/vmsa';
import { refused, type ActArguments, type Outcome } from '../acts';
import { firstBytesSeen, guestAccess, mapForGuest, privateImage, privatePfn, rmpAgrees } from './access';
import { encryptPage } from '../frames/content-key';
import {
  pageTransition,
  refusalCode,
  rmpEntry,
  rmpFirmwareWrite,
  rmpLookup,
  rmpRunLength,
} from '../hardware/rmp';
import { bitsOfGfn, changeGfns } from '../frames/attributes';
import { slotOf } from '../frames/slots';
import { handleNestedFaultRun } from '../kvm/memory/nested-fault';
import { sevHandleRmpFault } from '../kvm/memory/rmp-fault';
import { vcpuOnVmsa } from '../kvm/run/vmrun';
import { gfnBits, rmpBits } from '../memory/page-bits';
import type { GuestHandlers } from '../handlers';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';
import { notInGuest } from './ghcb-writer';

type PageSize = '4K' | '2M';

/**
 * Why an instruction cannot access an address at all. An entry of the guest's page table names no bit from the C-bit on.
 * Below it, what is wider than physical addresses are never reaches KVM: the processor faults in the guest's own page walk
 * (kvm_handle_noslot_fault in arch/x86/kvm/mmu/mmu.c says so; with nested paging svm_hardware_setup gives a guest no
 * smaller width than the host's). What the guest does about that fault is not modelled.
 */
function notNamed(world: World, gpa: bigint): Outcome {
  const { cBit, maxPhysicalAddress: width } = world.vm;
  if (gpa >> BigInt(cBit) !== 0n)
    return refused(
      `no page table entry names this address: bit ${cBit} is the C-bit, and no address bit is above it`,
    );
  if (gpa >> BigInt(width) !== 0n)
    unmodelled(
      `an access beyond the ${width} bits of physical addresses, which faults in the guest's own page walk`,
    );
  return undefined;
}

/** Translates a frame for an instruction on its RMP entry. @returns its page, or nothing when the guest is stopped */
function pageOf(world: World, vcpu: Vcpu, gfn: Gfn): number | undefined {
  const blocked = mapForGuest(world, vcpu, { gfn, private: true, write: true });
  vcpu.instructionFaulted = blocked === 'left';
  if (blocked) return undefined;
  const pfn = privatePfn(world, gfn);
  return rmpAgrees(world, vcpu, gfn, pfn) ? pfn : undefined;
}

/** A 4K instruction on a 2M entry faults; KVM smashes the entry, and the instruction runs again. */
function smashForSmallPage(world: World, gfn: Gfn, pfn: number, size: PageSize): boolean {
  if (size === '4K' && rmpLookup(world, pfn)?.level === '2M') sevHandleRmpFault(world, gfnToGpa(gfn));
  return rmpLookup(world, pfn)?.level === size;
}

interface Validation {
  readonly size: PageSize;
  readonly validate: boolean;
}

/** PVALIDATE of one page. @returns the code as Linux sees it, or nothing when the instruction did not finish */
function pvalidatePage(
  world: World,
  vcpu: Vcpu,
  gfn: Gfn,
  { size, validate }: Validation,
): number | undefined {
  const pfn = pageOf(world, vcpu, gfn);
  if (pfn === undefined) return undefined;
  const sizeFits = smashForSmallPage(world, gfn, pfn, size);
  const taken = pageTransition(world, pfn, { type: 'PVALIDATE', validate, sizeFits });
  const code = refusalCode(taken);
  if (code !== RMP_SUCCESS) return code;
  if (taken.target < 0) return PVALIDATE_FAIL_NOUPDATE;
  const pages = size === '2M' ? PAGES_PER_LARGE_PAGE : 1;
  for (let page = pfn; page < pfn + pages; page++) {
    rmpFirmwareWrite(world, page, validate ? rmpBits.validated : 0, validate ? 0 : rmpBits.validated);
  }
  noteValidation(world, gfn, pages, validate);
  return RMP_SUCCESS;
}

/**
 * PVALIDATE of 4K pages that are alike, together: first the faults that map them, then the instruction.
 * @returns pages done; 0 when the caller must go page by page
 */
function pvalidateRun(
  world: World,
  vcpu: Vcpu,
  gfn: Gfn,
  { limit, validate }: { limit: number; validate: boolean },
): number {
  const mapped = (bitsOfGfn(world, gfn) & gfnBits.mappedPrivate) !== 0;
  const mappedCount = mapped ? limit : handleNestedFaultRun(world, vcpu, gfn, limit);
  const slot = slotOf(world, gfn);
  if (mappedCount < 2 || !slot) return 0;
  const pfn = privatePfn(world, gfn);
  const inSlot = Math.min(mappedCount, slot.firstGfn + slot.pages - gfn);
  const count = rmpRunLength(world, pfn, world.pages.gfn.runLength(gfn, inSlot));
  const entry = rmpEntry(world, pfn);
  if (count < 2 || !entry.assigned || entry.asid !== world.vm.asid || entry.gfn !== gfn) return 0;
  const taken = pageTransition(world, pfn, { type: 'PVALIDATE', validate, sizeFits: true });
  if (refusalCode(taken) !== RMP_SUCCESS || taken.target < 0) return 0;
  const word = world.pages.rmp.get(pfn);
  world.pages.rmp.setRun(pfn, count, validate ? word | rmpBits.validated : word & ~rmpBits.validated);
  noteValidation(world, gfn, count, validate);
  return count;
}

/** Updates the guest's view of frames that it has just validated or rescinded. */
function noteValidation(world: World, gfn: Gfn, count: number, validate: boolean): void {
  const known = gfnBits.guestKnows | gfnBits.guestPrivate;
  const validated = gfnBits.guestValidated;
  changeGfns(world, gfn, count, validate ? known | validated : known, validate ? 0 : validated);
}

function resultText(code: number): string {
  if (code === RMP_SUCCESS) return 'done';
  return code === PVALIDATE_FAIL_NOUPDATE ? 'CF=1, nothing changed' : `code ${code}`;
}

/** PVALIDATE of a run of pages: the guest's loop stops at the first failure. */
function pvalidate(world: World, index: number, args: ActArguments<'guest', 'pvalidate'>): Outcome {
  const impossible = notInGuest(world, index) ?? notNamed(world, args.gpa);
  if (impossible) return impossible;
  const vcpu = world.vcpu(index);
  const size = args.size ?? '4K';
  const validate = args.validate ?? true;
  const step = size === '2M' ? PAGES_PER_LARGE_PAGE : 1;
  const first = gpaToGfn(args.gpa);
  const wanted = args.n ?? 1;
  let done = 0;
  let code: number | undefined = RMP_SUCCESS;
  while (done < wanted) {
    world.look();
    const from = toGfn(first + done * step);
    const together = size === '4K' ? pvalidateRun(world, vcpu, from, { limit: wanted - done, validate }) : 0;
    done += together;
    if (together > 0) continue;
    code = pvalidatePage(world, vcpu, from, { size, validate });
    if (code !== RMP_SUCCESS) break;
    done += 1;
  }
  const what = validate ? 'validate' : 'rescind';
  const show = (gfn: number, pages: number, shown: number): void => {
    const rule = shown === RMP_SUCCESS ? 'PvalidateDone' : pvalidateRule(shown);
    const gpa = gfnToGpa(gfn);
    world.move('pvalidate', index, { gpa, pages, size, what, result: resultText(shown) }, rule);
  };
  if (done > 0) show(first, done, RMP_SUCCESS);
  if (code === undefined) return undefined;
  if (code !== RMP_SUCCESS) show(first + done * step, 1, code);
  vcpu.instructionCode = code;
  return undefined;
}

const pvalidateRule = (code: number) =>
  code === PVALIDATE_FAIL_NOUPDATE ? ('PvalidateNoChange' as const) : ('RmpSizeDiffers' as const);

/** RMPADJUST with or without the VMSA attribute. */
function rmpadjust(world: World, index: number, args: ActArguments<'guest', 'rmpadjust'>): Outcome {
  const impossible = notInGuest(world, index) ?? notNamed(world, args.gpa);
  if (impossible) return impossible;
  const vcpu = world.vcpu(index);
  const size = args.size ?? '4K';
  const gfn = gpaToGfn(args.gpa);
  const pfn = pageOf(world, vcpu, gfn);
  if (pfn === undefined) return undefined;
  const sizeFits = smashForSmallPage(world, gfn, pfn, size);
  const inUse = vcpuOnVmsa(world, pfn) !== undefined;
  const allowed = pageTransition(world, pfn, { type: 'RMPADJUST', vmsa: args.vmsa, sizeFits });
  const code = inUse ? RMP_FAIL_INUSE : refusalCode(allowed);
  if (code === RMP_SUCCESS) {
    rmpFirmwareWrite(world, pfn, args.vmsa ? rmpBits.vmsa : 0, args.vmsa ? 0 : rmpBits.vmsa);
    changeGfns(world, gfn, 1, args.vmsa ? gfnBits.guestVmsa : 0, args.vmsa ? 0 : gfnBits.guestVmsa);
  }
  vcpu.instructionCode = code;
  const rule = inUse ? 'RmpadjustInUse' : code === RMP_SUCCESS ? 'RmpadjustDone' : 'RmpSizeDiffers';
  const vmsaText = args.vmsa ? 'set' : 'cleared';
  world.move('rmpadjust', index, { gpa: args.gpa, size, vmsa: vmsaText, result: resultText(code) }, rule);
  return undefined;
}

/** Fills a page with the state of a vCPU after INIT and marks it as VMSA. */
function makeVmsa(world: World, index: number, args: ActArguments<'guest', 'make-vmsa'>): Outcome {
  const impossible = notInGuest(world, index) ?? notNamed(world, args.gpa) ?? noRoom(world, args.gpa);
  if (impossible) return impossible;
  const vcpu = world.vcpu(index);
  const gfn = gpaToGfn(args.gpa);
  const features = args.features ?? world.vm.vmsaFeatures;
  const written = guestAccess(world, vcpu, {
    gpa: gfnToGpa(gfn),
    private: true,
    write: true,
    value: 0n,
  });
  if (written.kind !== 'done') return undefined;
  const page = world.image('private', gfn);
  page.clear();
  encryptPage(world, privatePfn(world, gfn));
  const values = vmsaInitValues({ sipiVector: 0, vmpl: 0, sevFeatures: features });
  for (const [field, value] of Object.entries(values)) {
    vmsa.set(page, field as Parameters<typeof vmsa.set>[1], value as never);
  }
  world.move('vmsaFilled', index, { gpa: args.gpa, features });
  return rmpadjust(world, index, { gpa: args.gpa, vmsa: true });
}

function noRoom(world: World, gpa: bigint, side: PageSide = 'private'): Outcome {
  const known = world.findImage(side, gpaToGfn(gpa));
  if (known ?? world.pageImages.some((image) => !image.used)) return undefined;
  return refused('this world keeps the bytes of no more pages');
}

type PageSide = 'private' | 'shared';
const sideText = (isPrivate: boolean): PageSide => (isPrivate ? 'private' : 'shared');

function read(world: World, index: number, args: ActArguments<'guest', 'read'>): Outcome {
  const impossible = notInGuest(world, index) ?? notNamed(world, args.gpa);
  if (impossible) return impossible;
  const vcpu = world.vcpu(index);
  const access = { gpa: args.gpa, private: args.private, write: false, value: 0n };
  const outcome = guestAccess(world, vcpu, access);
  if (outcome.kind !== 'done') return undefined;
  vcpu.vmsaRax = outcome.value;
  const { value } = outcome;
  if (outcome.noise) world.move('guestReadNoise', index, { gpa: args.gpa }, 'OtherKey');
  else world.move('guestRead', index, { gpa: args.gpa, side: sideText(args.private), value });
  return undefined;
}

function write(world: World, index: number, args: ActArguments<'guest', 'write'>): Outcome {
  const needsImage = !isPageAligned(args.gpa);
  const room = needsImage ? noRoom(world, args.gpa, sideText(args.private)) : undefined;
  const impossible = notInGuest(world, index) ?? notNamed(world, args.gpa) ?? room;
  if (impossible) return impossible;
  const vcpu = world.vcpu(index);
  const { gpa, value } = args;
  const outcome = guestAccess(world, vcpu, { gpa, private: args.private, write: true, value });
  if (outcome.kind === 'done') world.move('guestWrite', index, { gpa, side: sideText(args.private), value });
  return undefined;
}

const FIRST_WORD = 8;

/** Stores bytes into one page: the access faults as its first store does, then all bytes are written. */
function store(world: World, index: number, args: ActArguments<'guest', 'store'>): Outcome {
  const side = sideText(args.private);
  const runs = args.bytes.map(({ at, hex }) => ({ at, bytes: hexToBytes(hex) ?? new Uint8Array() }));
  const impossible =
    notInGuest(world, index) ??
    notNamed(world, args.gpa) ??
    outsidePage(args.gpa, runs) ??
    noRoom(world, args.gpa, side);
  if (impossible) return impossible;
  const gpa = args.gpa;
  const frame = gpaToGfn(gpa);
  const access = { gpa, private: args.private, write: true };
  const first = new Uint8Array(FIRST_WORD);
  new DataView(first.buffer).setBigUint64(0, firstBytesSeen(world, args), true);
  for (const { at, bytes } of runs) {
    if (at < FIRST_WORD) first.set(bytes.subarray(0, FIRST_WORD - at), at);
  }
  const outcome = guestAccess(world, world.vcpu(index), { ...access, value: littleEndian(first) });
  if (outcome.kind !== 'done') return undefined;
  const page = args.private ? privateImage(world, frame) : world.image(side, frame);
  page.setU64(0, outcome.value);
  for (const { at, bytes } of runs) bytes.forEach((byte, i) => page.setU8(at + i, byte));
  const count = runs.reduce((sum, { bytes }) => sum + bytes.length, 0);
  world.move('guestStore', index, { gpa, side, count });
  return undefined;
}

function outsidePage(gpa: bigint, runs: readonly { at: number; bytes: Uint8Array }[]): Outcome {
  if (!isPageAligned(gpa)) return refused('bytes are stored at a page address');
  const isOutside = runs.some(({ at, bytes }) => at + bytes.length > PAGE_SIZE);
  return isOutside ? refused('the bytes do not lie in one page') : undefined;
}

export const guestMemoryHandlers = {
  'make-vmsa': makeVmsa,
  pvalidate,
  rmpadjust,
  read,
  write,
  store,
} satisfies Partial<GuestHandlers>;
