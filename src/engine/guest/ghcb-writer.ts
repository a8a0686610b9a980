/** How a guest makes a request: it fills its GHCB page, writes the GHCB MSR, and executes VMGEXIT. */
import { gfnToGpa, gpaToGfn } from '../../abi/address';
import {
  clearValidBitmap,
  ghcbPage,
  GHCB_SHARED_BUFFER,
  GHCB_VERSION_MAX,
  markValid,
  writeValid,
} from '../../abi/ghcb-page';
import { registerGpaRequest } from '../../abi/ghcb-msr';
import { refused, type Outcome } from '../acts';
import { failRun } from '../kvm/exit';
import { slotOf } from '../frames/slots';
import { afterGuestExit } from '../kvm/run/run';
import { sevHandleVmgexit } from '../kvm/vmgexit/vmgexit';
import type { Image } from '../memory/image';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';

/** What a guest puts into its GHCB page. A register that is not given is not marked valid. */
export interface NaeInput {
  readonly code: bigint;
  readonly info1?: bigint | undefined;
  readonly info2?: bigint | undefined;
  readonly rax?: bigint | undefined;
  readonly rbx?: bigint | undefined;
  readonly rcx?: bigint | undefined;
  readonly rdx?: bigint | undefined;
  readonly rsi?: bigint | undefined;
  readonly xcr0?: bigint | undefined;
  readonly xss?: bigint | undefined;
  readonly cpl?: number | undefined;
  readonly scratch?: bigint | undefined;
  readonly usage?: number | undefined;
  /** Always-required fields left unmarked: bit 0 exit code, 1 info1, 2 info2, 3 scratch. */
  readonly omit?: bigint | undefined;
}

/** Why this vCPU cannot execute an instruction now, or nothing when it can. */
export function notInGuest(world: World, index: number): Outcome {
  const vcpu = world.vcpus[index];
  if (!vcpu?.exists) return refused(`there is no vCPU ${index}`);
  if (vcpu.run === 'inGuest') return undefined;
  const where = {
    inKvm: 'in KVM',
    inUserspace: 'in userspace',
    blocked: 'asleep in KVM',
    spinning: 'looping in KVM',
  };
  return refused(
    `v${index} does not execute guest code: its thread is ${where[vcpu.run]}, mp_state ${vcpu.mpState}`,
  );
}

/** The bytes of the GHCB page that the guest uses on this vCPU. */
export function guestGhcb(world: World, vcpu: Vcpu): Image {
  return world.image('shared', gpaToGfn(vcpu.guestGhcbGpa));
}

/** Where a guest without one puts its GHCB page: from the end of its first memory slot downwards. */
export function usualGhcbGpa(world: World, index: number): bigint {
  const slot = world.slots.find((candidate) => candidate.used);
  const last = slot ? slot.firstGfn + slot.pages - 1 : world.config.gfnCount - 1;
  return gfnToGpa(last - index);
}

/** VMGEXIT with the current value of the GHCB MSR, up to the next entry, exit or sleep. */
export function vmgexit(world: World, vcpu: Vcpu): Outcome {
  vcpu.guestResult = 'none';
  world.sendVcpu(vcpu, { type: 'LEAVE' });
  const handled = sevHandleVmgexit(world, vcpu);
  if (handled === 'resume') afterGuestExit(world, vcpu);
  else if (typeof handled === 'object') failRun(world, vcpu, handled);
  return undefined;
}

/** A request by the MSR protocol. */
export function msrRequest(world: World, index: number, value: bigint): Outcome {
  const impossible = notInGuest(world, index);
  if (impossible) return impossible;
  const vcpu = world.vcpu(index);
  vcpu.ghcbMsr = value;
  vcpu.guestSentMsr = value;
  vcpu.guestRequest = 'msr';
  return vmgexit(world, vcpu);
}

/** A guest that never set up a GHCB page takes the usual one and registers it before its first NAE event. */
function ensureGhcb(world: World, index: number): Outcome {
  const vcpu = world.vcpu(index);
  if (vcpu.guestGhcbGpa !== 0n) return undefined;
  const gpa = usualGhcbGpa(world, index);
  if (world.vm.type !== 'snp') {
    vcpu.guestGhcbGpa = gpa;
    return undefined;
  }
  return registerGhcb(world, index, gpa);
}

export function registerGhcb(world: World, index: number, gpa: bigint): Outcome {
  const outcome = msrRequest(world, index, registerGpaRequest.encode({ gfn: gpaToGfn(gpa) }));
  if (!outcome) world.vcpu(index).guestGhcbGpa = gpa;
  return outcome;
}

/** The page that holds a scratch address; a guest can only fill one that it has. */
function scratchPage(world: World, vcpu: Vcpu, scratch: bigint): Image | undefined {
  const gfn = gpaToGfn(scratch);
  if (gfn === gpaToGfn(vcpu.guestGhcbGpa)) return guestGhcb(world, vcpu);
  return slotOf(world, gfn) ? world.image('shared', gfn) : undefined;
}

/** A request by the GHCB page. @param fill writes its data */
export function naeRequest(
  world: World,
  index: number,
  input: NaeInput,
  fill?: (page: Image, scratchGpa: bigint) => void,
): Outcome {
  const impossible = notInGuest(world, index) ?? ensureGhcb(world, index);
  if (impossible) return impossible;
  const vcpu = world.vcpu(index);
  if (vcpu.run !== 'inGuest') return undefined;
  // A guest that named a page at the very end of the address space wraps around.
  const scratch = input.scratch ?? BigInt.asUintN(64, vcpu.guestGhcbGpa + BigInt(GHCB_SHARED_BUFFER));
  const given = fill ? scratch : input.scratch;
  world.apart(
    () => `writeRequest ${index} ${given} ${Object.entries(input).join(' ')}`,
    () => writeRequest(guestGhcb(world, vcpu), input, given),
  );
  const buffer = scratchPage(world, vcpu, scratch);
  if (buffer) fill?.(buffer, scratch);
  return vmgexitWithPage(world, vcpu);
}

/** A request by the GHCB page with its current content. */
export function requestAsItStands(world: World, index: number): Outcome {
  const impossible = notInGuest(world, index) ?? ensureGhcb(world, index);
  if (impossible) return impossible;
  const vcpu = world.vcpu(index);
  return vcpu.run === 'inGuest' ? vmgexitWithPage(world, vcpu) : undefined;
}

function vmgexitWithPage(world: World, vcpu: Vcpu): Outcome {
  vcpu.ghcbMsr = vcpu.guestGhcbGpa;
  vcpu.guestRequest = 'nae';
  return vmgexit(world, vcpu);
}

const registers = ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'xcr0', 'xss'] as const;

function writeRequest(page: Image, input: NaeInput, scratch: bigint | undefined): void {
  const omit = input.omit ?? 0n;
  clearValidBitmap(page);
  ghcbPage.set(page, 'protocolVersion', GHCB_VERSION_MAX);
  ghcbPage.set(page, 'ghcbUsage', input.usage ?? 0);
  const words = [
    ['swExitCode', input.code],
    ['swExitInfo1', input.info1 ?? 0n],
    ['swExitInfo2', input.info2 ?? 0n],
    ['swScratch', scratch],
  ] as const;
  words.forEach(([field, value], bit) => {
    if (value === undefined) return;
    ghcbPage.set(page, field, value);
    if (((omit >> BigInt(bit)) & 1n) === 0n) markValid(page, field);
  });
  for (const register of registers) {
    const value = input[register];
    if (value !== undefined) writeValid(page, register, value);
  }
  if (input.cpl !== undefined) {
    ghcbPage.set(page, 'cpl', input.cpl);
    markValid(page, 'cpl');
  }
}
