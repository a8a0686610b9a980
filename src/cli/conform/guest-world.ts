/** The world that the vectors of running guests start in: launch is over, and VMRUN always works. */
import { gpaToGfn, pageOffset } from '../../abi/address';
import { ghcbPage, markValid, clearValidBitmap, writeValid, type GhcbValidField } from '../../abi/ghcb-page';
import type { Image } from '../../engine/memory/image';
import type { World as WorldType } from '../../engine/world';
import { World } from '../../engine/world';
import type { ResolvedProfile } from '../../profiles/resolve';

export interface GuestOptions {
  readonly guest?: string;
  readonly ghcbVersion?: number;
  readonly hypercallExit?: boolean;
  readonly irqchip?: string;
  readonly vcpus?: number;
  readonly maxPhysicalAddress?: number;
  readonly vmsaFeatures?: bigint;
}

/** Frames that carry page facts in these worlds. */
const GFN_COUNT = 0x4000;
/** Slots for frames beyond them, 2 MiB each, and their pages. */
const SLOTS = 16;
const FAR_PAGES = SLOTS * 512;

const worlds = new Map<string, { world: WorldType; mark: number }>();

/** A world with every guest frame in one guest_memfd slot; built once for a profile and rolled back for each case. */
export function guestWorld(profile: ResolvedProfile, options: GuestOptions): WorldType {
  const vcpus = options.vcpus ?? 1;
  const key = `${profile.spec} ${vcpus}`;
  const known = worlds.get(key) ?? createWorld(profile, vcpus);
  worlds.set(key, known);
  const { world, mark } = known;
  world.undo(mark);
  const { vm } = world;
  vm.type = options.guest === 'es' ? 'seves' : 'snp';
  vm.ghcbVersion = options.ghcbVersion ?? 2;
  vm.hypercallExits = options.hypercallExit ?? true;
  vm.kernelApic = options.irqchip !== 'user';
  vm.vmsaFeatures = options.vmsaFeatures ?? (options.guest === 'es' ? 0n : 1n);
  vm.finishedVmsaFeatures = vm.vmsaFeatures;
  vm.maxPhysicalAddress = options.maxPhysicalAddress ?? 48;
  return world;
}

function createWorld(profile: ResolvedProfile, vcpus: number): { world: WorldType; mark: number } {
  const world = new World(
    { vcpus, gfnCount: GFN_COUNT, gmemPages: GFN_COUNT + FAR_PAGES, slots: SLOTS },
    profile,
  );
  const { vm } = world;
  vm.exists = true;
  vm.sevActive = true;
  vm.vmrunOracle = 'alwaysEnters';
  vm.emptyCopiesReadable = true;
  vm.asid = 1;
  vm.vcpuCount = vcpus;
  const [slot] = world.slots;
  if (slot) {
    slot.used = true;
    slot.pages = GFN_COUNT;
    slot.backing = 'guestMemfd';
  }
  world.vcpus.forEach((vcpu, index) => {
    vcpu.exists = true;
    vcpu.guestStateProtected = true;
    vcpu.launchVmsaPfn = GFN_COUNT + FAR_PAGES + index;
    vcpu.vmcbVmsaPfn = vcpu.launchVmsaPfn;
    if (index === 0) vcpu.mpState = 'RUNNABLE';
  });
  const [boot] = world.vcpus;
  if (boot) boot.run = 'inGuest';
  // A case says what its tables have, and nothing else is in them.
  world.vm.tablesComplete = true;
  return { world, mark: world.mark() };
}

/** The shared page of an address, made on first use. */
export function sharedPage(world: WorldType, gpa: bigint): Image {
  return world.image('shared', gpaToGfn(gpa));
}

/** Writes eight bytes to shared guest memory, across a page boundary if need be. */
export function writeGuest64(world: WorldType, gpa: bigint, value: bigint): void {
  for (let i = 0n; i < 8n; i++) {
    const at = BigInt.asUintN(64, gpa + i);
    sharedPage(world, at).setU8(pageOffset(at), Number((value >> (8n * i)) & 0xffn));
  }
}

export function readGuest64(world: WorldType, gpa: bigint): bigint {
  let value = 0n;
  for (let i = 0n; i < 8n; i++) {
    const at = BigInt.asUintN(64, gpa + i);
    value |= BigInt(sharedPage(world, at).u8(pageOffset(at))) << (8n * i);
  }
  return value;
}

/** Exit code, info words and scratch as a guest writes them, all marked valid. */
export function writeRequest(
  page: Image,
  request: { code: bigint; info1: bigint; info2: bigint; scratch?: bigint; rax?: bigint | undefined },
): void {
  clearValidBitmap(page);
  writeValid(page, 'swExitCode', request.code);
  writeValid(page, 'swExitInfo1', request.info1);
  writeValid(page, 'swExitInfo2', request.info2);
  if (request.scratch !== undefined) writeValid(page, 'swScratch', request.scratch);
  if (request.rax !== undefined) {
    ghcbPage.set(page, 'rax', request.rax);
    markValid(page, 'rax' satisfies GhcbValidField);
  }
}
