/** Driver for launch, init2, gmem, rmpFault and teardown vectors: one host, steps in order. */
import { MAX_VECTOR_ORDER } from '../../base/limits';
import { own } from '../../base/table';
import { gpaToGfn } from '../../abi/address';
import { errno } from '../../abi/errno';
import {
  KVM_SEV_INIT2,
  KVM_SEV_SNP_ENABLE_REQ_CERTS,
  KVM_SEV_SNP_LAUNCH_FINISH,
  KVM_SEV_SNP_LAUNCH_START,
  KVM_SEV_SNP_LAUNCH_UPDATE,
} from '../../abi/kvm-structs';
import { arrangeRmp, NeverReturns, pageState } from '../../engine/hardware/rmp';
import { setMemoryAttributes } from '../../engine/kvm/memory/attributes';
import { createVcpu, createVm } from '../../engine/kvm/launch/create';
import {
  gmemFallocate,
  privatePage,
  releaseGmem,
  sevGmemInvalidate,
  sevGmemMaxMappingLevel,
  sevGmemPrepare,
  usualFile,
} from '../../engine/kvm/memory/gmem';
import { pageName } from '../../engine/kvm/memory/kernel-pages';
import { sevHandleRmpFault } from '../../engine/kvm/memory/rmp-fault';
import { sevMemEncIoctl, type SevRequest } from '../../engine/kvm/launch/sev-command';
import type { SevCommand } from '../../engine/kvm/launch/sev-call';
import { destroyVm } from '../../engine/kvm/teardown/teardown';
import { hostPageBits, rmpBits } from '../../engine/memory/page-bits';
import { World } from '../../engine/world';
import type { ResolvedProfile } from '../../profiles/resolve';
import {
  atMost,
  frameBelow,
  hexWord,
  listOf,
  numberOf,
  objectOf,
  textOf,
  word,
  type Json,
  type JsonObject,
} from './json';
import { arrangeHost, arrangeSlots, armFaults, endOfStep, type HostSize } from './launch-host';
import { hostAfter, LaunchWatch } from './launch-watch';

const SIZE: HostSize = { vcpus: 8, gfnCount: 0x1000, gmemPages: 0x600 };

/** What one step answers besides what the watch saw. */
type Answer = { ret: Json; [field: string]: Json };
type StepHandler = (world: World, step: JsonObject, input: JsonObject) => Answer;

export function driveLaunch(input: JsonObject, profile: ResolvedProfile): JsonObject {
  const world = new World(SIZE, profile);
  arrangeHost(world, objectOf(input['host']));
  createVm(world, { type: vmTypeOf(input['vmType']), kernelApic: true });
  arrangeSlots(world, input);
  const watch = new LaunchWatch(world);
  const steps: JsonObject[] = [];
  for (const step of listOf(input['steps']).map(objectOf)) {
    const done = oneStep(world, watch, step, input);
    steps.push(done);
    if (done['ret'] === 'spins') break;
  }
  const onlyDispatch = listOf(input['steps']).every((step) => objectOf(step)['op'] === 'cmd');
  return { steps, ...hostAfter(world, { asids: !onlyDispatch }) };
}

const vmTypes = ['default', 'swProtected', 'sev', 'seves', 'snp', 'tdx'] as const;
const vmTypeOf = (value: Json | undefined) => vmTypes[numberOf(value, 4)] ?? 'default';

function oneStep(world: World, watch: LaunchWatch, step: JsonObject, input: JsonObject): JsonObject {
  arrangeHost(world, objectOf(step['host']));
  armFaults(world, objectOf(step['inject']));
  watch.start();
  const op = textOf(step['op']);
  const handler = own(handlers, op);
  if (!handler) throw new Error(`no step is called ${op}`);
  let answer: Answer;
  try {
    answer = handler(world, step, input);
  } catch (error) {
    if (!(error instanceof NeverReturns)) throw error;
    answer = { ret: 'spins' };
  }
  endOfStep(world);
  return { ...answer, ...watch.seen({ otherVm: op === 'destroy' || op === 'createVm' }) };
}

const ioctlGate = (world: World, then: () => Answer): Answer =>
  world.vm.health === 'bugged' ? { ret: -errno.EIO } : then();

const FIRST_USER_PAGE = 0x1000_0000n;
const accessOf = (fault: Json | undefined): SevCommand['argument'] =>
  fault === 'unmapped' ? 'unmapped' : fault === 'readonly' ? 'readOnly' : 'ok';

function commandOf(step: JsonObject): SevCommand {
  const fd = numberOf(step['fd'], 3);
  return {
    command: step['cmdFault'] === 'null' ? 'null' : accessOf(step['cmdFault']),
    argument: accessOf(step['argFault']),
    sevDevice: fd === 3 || fd === 5,
  };
}

function sev(world: World, step: JsonObject, request: SevRequest): Answer {
  const reply = sevMemEncIoctl(world, commandOf(step), request);
  const { progress } = reply;
  return {
    ret: reply.ret,
    ...(reply.error === undefined ? {} : { error: reply.error }),
    ...(progress
      ? {
          args: {
            gfnStart: hexWord(BigInt(progress.gfnStart)),
            uaddr: hexWord(progress.uaddr),
            len: hexWord(progress.len),
          },
        }
      : {}),
  };
}

const blockVerdicts = ['good', 'digestDiffers', 'policyDiffers', 'algorithm', 'signature'] as const;
const flagOf = (value: Json | undefined): boolean => value === true || numberOf(value) !== 0;
const gfnOf = (value: Json | undefined): number => Number(word(value));
const pageOf = (world: World, value: Json | undefined): number =>
  frameBelow(world.pages.hostPage.pageCount, numberOf(value));
const pageCountOf = (world: World, value: Json | undefined): number =>
  atMost(world.config.gfnCount, numberOf(value));

/** The launch commands with an argument of zeros. */
const zeroedRequests: readonly SevRequest[] = [
  { id: KVM_SEV_INIT2, args: { vmsaFeatures: 0n, flags: 0, ghcbVersion: 0 } },
  { id: KVM_SEV_SNP_LAUNCH_START, args: { policy: 0n, flags: 0 } },
  { id: KVM_SEV_SNP_LAUNCH_UPDATE, args: { gfnStart: 0, uaddr: 0n, len: 0n, type: 0, flags: 0 } },
  {
    id: KVM_SEV_SNP_LAUNCH_FINISH,
    args: {
      idBlockEnabled: false,
      authKeyEnabled: false,
      vcekDisabled: false,
      flags: 0,
      idBlockUaddr: 0n,
      idAuthUaddr: 0n,
      idBlockVerdict: 'good',
      authorSignatureGood: true,
    },
  },
];

const handlers: Readonly<Record<string, StepHandler>> = {
  init2: (world, step) =>
    sev(world, step, {
      id: KVM_SEV_INIT2,
      args: {
        vmsaFeatures: word(step['vmsaFeatures']),
        flags: numberOf(step['flags']),
        ghcbVersion: numberOf(step['ghcbVersion']),
      },
    }),
  start: (world, step) =>
    sev(world, step, {
      id: KVM_SEV_SNP_LAUNCH_START,
      args: { policy: word(step['policy'], 0x30000n), flags: numberOf(step['flags']) },
    }),
  update: (world, step) =>
    sev(world, step, {
      id: KVM_SEV_SNP_LAUNCH_UPDATE,
      args: {
        gfnStart: gfnOf(step['gfn']),
        uaddr: word(step['uaddr']),
        len: word(step['len']),
        type: numberOf(step['type'], 1),
        flags: numberOf(step['flags']),
      },
    }),
  finish: (world, step) =>
    sev(world, step, {
      id: KVM_SEV_SNP_LAUNCH_FINISH,
      args: {
        idBlockEnabled: flagOf(step['idBlockEn']),
        authKeyEnabled: flagOf(step['authKeyEn']),
        vcekDisabled: flagOf(step['vcekDisabled']),
        flags: numberOf(step['flags']),
        idBlockUaddr: word(step['idBlock'], FIRST_USER_PAGE + 0x2000n),
        idAuthUaddr: word(step['idAuth'], FIRST_USER_PAGE + 0x3000n),
        idBlockVerdict: blockVerdicts[numberOf(step['blockVerdict'])] ?? 'good',
        authorSignatureGood: numberOf(step['authVerdict']) === 0,
      },
    }),
  certs: (world, step) => sev(world, step, { id: 'other', number: KVM_SEV_SNP_ENABLE_REQ_CERTS }),
  cmd: (world, step) => {
    const id = numberOf(step['id']);
    return sev(
      world,
      step,
      zeroedRequests.find((request) => request.id === id) ?? { id: 'other', number: id },
    );
  },
  vcpu: (world) => ioctlGate(world, () => ({ ret: createVcpu(world) })),
  beginVcpu: (world) =>
    ioctlGate(world, () => {
      world.vm.creatingVcpus += 1;
      return { ret: 0 };
    }),
  endVcpu: (world) => {
    world.vm.creatingVcpus -= 1;
    return { ret: 0 };
  },
  vcpuState: (world, step) => {
    const vcpu = world.vcpu(numberOf(step['vcpu']));
    const value = word(step['value']);
    if (step['field'] === 'guestDebug') vcpu.guestDebug = value !== 0n;
    else if (step['field'] === 'dr7') vcpu.dr7 = value;
    else vcpu.vmsaRax = value;
    return { ret: 0 };
  },
  attr: (world, step) =>
    ioctlGate(world, () => ({
      ret: setMemoryAttributes(
        world,
        gfnOf(step['gfn']),
        pageCountOf(world, step['n']),
        flagOf(step['private']),
      ),
    })),
  fallocate: (world, step) => ({
    ret: gmemFallocate(world, usualFile(world), {
      mode: numberOf(step['mode'], 3),
      offset: word(step['offset']),
      length: word(step['len']),
    }),
  }),
  poison: (world, step) => {
    const { hostPage } = world.pages;
    const pfn = pageOf(world, step['gmem']);
    hostPage.set(pfn, hostPage.get(pfn) | hostPageBits.poisoned);
    return { ret: 0 };
  },
  privateFault: (world, step) =>
    ioctlGate(world, () => {
      const page = privatePage(world, gfnOf(step['gfn']));
      return 'errno' in page ? { ret: -page.errno } : { ret: 0, page: pageName(world, page.pfn) };
    }),
  pvalidate: (world, step) => pvalidate(world, gfnOf(step['gfn']), flagOf(step['validate'])),
  prepare: (world, step) => {
    const failed = sevGmemPrepare(
      world,
      pageOf(world, step['gmem']),
      gfnOf(step['gfn']),
      atMost(MAX_VECTOR_ORDER, numberOf(step['order'])),
    );
    return { ret: failed ? -failed : 0 };
  },
  invalidate: (world, step) => {
    sevGmemInvalidate(world, pageCountOf(world, step['from']), pageCountOf(world, step['to']));
    return { ret: 0 };
  },
  maxLevel: (world, step) => ({
    ret: sevGmemMaxMappingLevel(world, pageOf(world, step['gmem'])) === '2M' ? 2 : 1,
  }),
  setRmp: (world, step) => setRmp(world, step),
  clearRmp: (world, step) => {
    arrangeRmp(world, pageOf(world, step['gmem']), noEntry);
    return { ret: 0 };
  },
  rmpFault: (world, step) =>
    ioctlGate(world, () => {
      sevHandleRmpFault(world, word(step['gpa']));
      return { ret: 0 };
    }),
  destroy: (world) => {
    destroyVm(world);
    return { ret: 0 };
  },
  releaseGmem: (world) => {
    releaseGmem(world);
    return { ret: 0 };
  },
  createVm: (world, step, input) => {
    const ret = createVm(world, { type: vmTypeOf(step['vmType']), kernelApic: true });
    arrangeSlots(world, input);
    return { ret };
  },
};

/** Sets the validated bit behind a frame as the guest would; 1 when the frame is no guest page. */
function pvalidate(world: World, gfn: number, validate: boolean): Answer {
  const slot = world.slots.find(
    ({ used, firstGfn, pages }) => used && gfn >= firstGfn && gfn < firstGfn + pages,
  );
  if (!slot) return { ret: 1 };
  const pfn = gfn - slot.firstGfn + slot.firstGmemPage;
  const state = pageState(world, pfn);
  if (state !== 'Guest-Invalid' && state !== 'Guest-Valid') return { ret: 1 };
  const { rmp } = world.pages;
  const without = rmp.get(pfn) & ~rmpBits.validated;
  rmp.set(pfn, validate ? without | rmpBits.validated : without);
  return { ret: 0 };
}

const noEntry = { assigned: false, immutable: false, asid: 0, gfn: 0, twoMeg: false, validated: false };

function setRmp(world: World, step: JsonObject): Answer {
  arrangeRmp(world, pageOf(world, step['gmem']), {
    assigned: true,
    immutable: flagOf(step['immutable']),
    validated: flagOf(step['validated']),
    asid: numberOf(step['asid'], 1),
    gfn: gpaToGfn(word(step['gpa'])),
    twoMeg: step['size'] === '2M',
  });
  return { ret: 0 };
}
