/** Page state change by the MSR protocol: one page, request 0x014, answer 0x015. */
import { gfnToGpa } from '../../../abi/address';
import { errno } from '../../../abi/errno';
import { GHCB_MSR_PSC_ERROR, pscRequest, pscResponse } from '../../../abi/ghcb-msr';
import { kvmRunVmgexitPscMsr, kvmRunVmgexitRaw } from '../../../abi/kvm-run';
import { PSC_OP_PRIVATE } from '../../../abi/psc';
import { carryOut, carryOutOne } from '../../../machines/effects';
import type { PscRoute } from '../../../machines/exchange';
import type { FacetValue } from '../../../profiles/facets';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { kvmRunOf } from '../exit';
import { runFails, type Handled } from '../ghcb/ghcb';
import { exitMapGpaRange, pscExitsEnabled, readRet, retClass } from './map-gpa-range';
import { operationName } from './psc-buffer';
import { changePageState, ensureMapped } from './psc-in-kernel';
import { exitVmgexitPscMsr, exitVmgexitRaw } from './psc-vmgexit';

/** All ones: the answer of the postings of 2021 to every error. */
const ALL_ONES = 0xffff_ffff;

const routes: Record<FacetValue<'psc.msr'>, PscRoute> = {
  inKernel: 'inKernel',
  rawMsrExit: 'vmgexit',
  typedVmgexit: 'vmgexit',
  mapGpaRange: 'mapGpaRange',
};

/** Request 0x014 of the MSR protocol. */
export function snpBeginPscMsr(world: World, vcpu: Vcpu): Handled {
  const { gfn, operation } = pscRequest.decode(vcpu.ghcbMsr);
  const how = world.facet('psc.msr');
  const unknown = how !== 'rawMsrExit' && operationName(operation) === 'other';
  const error = unknown ? unknownOperation(world, gfn) : GHCB_MSR_PSC_ERROR;
  const exitsEnabled = how !== 'mapGpaRange' || pscExitsEnabled(world);
  const effects = world.decideExchange(vcpu, {
    type: 'PSC_MSR',
    carriedOut: routes[how],
    operationKnown: !unknown,
    exitsEnabled,
  });
  const gpa = gfnToGpa(gfn);
  return carryOutOne(effects, {
    answerMsrPscError: () =>
      pscAnswer(world, vcpu, error, exitsEnabled ? 'MsrPscOperation' : 'PscExitsDisabled'),
    changeRmp: () => changeInKernel(world, vcpu, { gfn, operation }),
    exitVmgexit: (): Handled => {
      if (how === 'rawMsrExit') exitVmgexitRaw(world, vcpu, 'pscMsrVmgexitRaw');
      else exitVmgexitPscMsr(world, vcpu, { gpa, operation });
      return 'left';
    },
    exitMapGpaPage: (): Handled => {
      vcpu.completion = 'pscMsr';
      const toPrivate = operation === PSC_OP_PRIVATE;
      exitMapGpaRange(world, vcpu, { gpa, pages: 1, toPrivate, huge: false });
      return 'left';
    },
  });
}

/** Handles an operation that is no conversion. @returns the error that the guest reads */
function unknownOperation(world: World, gfn: number): number {
  if (world.facet('psc.msrUnknownOp') === 'bit63') return GHCB_MSR_PSC_ERROR;
  ensureMapped(world, gfn);
  return ALL_ONES;
}

function changeInKernel(world: World, vcpu: Vcpu, page: { gfn: number; operation: number }): Handled {
  const code = changePageState(world, { ...page, pages: 1, huge: false });
  const failed = carryOut(world.decideExchange(vcpu, { type: 'PSC_CHANGED', done: code === 0 }), {
    answerNotChanged: () => pscAnswer(world, vcpu, ALL_ONES, 'PscNotChanged'),
  });
  if (failed) return failed;
  world.sendExchange(vcpu, { type: 'ANSWER' });
  return pscAnswer(world, vcpu, 0, 'PscDone');
}

function pscAnswer(world: World, vcpu: Vcpu, error: number, rule: RuleId): Handled {
  const value = pscResponse.encode({ error });
  vcpu.ghcbMsr = value;
  world.move('msrAnswer', vcpu.index, { name: 'PSC_RESP', value }, rule);
  return 'resume';
}

/** KVM_RUN again after an exit of an MSR page state change that carries `ret`. */
function complete(world: World, vcpu: Vcpu, ret: bigint): Handled {
  const passesOn = world.facet('psc.msrFailure') === 'retVerbatim';
  const { ret: kind, check } = retClass(world, ret);
  const effects = world.decideExchange(vcpu, {
    type: 'USERSPACE_RET',
    ret: kind,
    check: passesOn ? 'passedOn' : check,
  });
  vcpu.completion = 'none';
  world.move('completionDone', vcpu.index, { ret });
  return carryOutOne(effects, {
    failRun: (): Handled => runFails(errno.EINVAL, 'PscRetNotAllowed'),
    answerUserspaceRefused: () => pscAnswer(world, vcpu, GHCB_MSR_PSC_ERROR, 'PscRetRefused'),
    answerAsUserspaceSays: () => pscAnswer(world, vcpu, Number(BigInt.asUintN(32, ret)), 'PscRetPassedOn'),
    markRangeDone: () => {
      world.sendExchange(vcpu, { type: 'ANSWER' });
      return pscAnswer(world, vcpu, 0, 'PscDone');
    },
  });
}

/** After KVM_EXIT_HYPERCALL. */
export const completePscMsr = (world: World, vcpu: Vcpu): Handled =>
  complete(world, vcpu, readRet(world, vcpu));

/** After KVM_EXIT_VMGEXIT of type 1. */
export const completePscMsrVmgexit = (world: World, vcpu: Vcpu): Handled =>
  complete(world, vcpu, BigInt(kvmRunVmgexitPscMsr.get(kvmRunOf(world, vcpu), 'ret')));

/** After KVM_EXIT_VMGEXIT without type: the whole MSR is what userspace left in ghcb_msr. */
export function completePscMsrVmgexitRaw(world: World, vcpu: Vcpu): Handled {
  const value = kvmRunVmgexitRaw.get(kvmRunOf(world, vcpu), 'ghcbMsr');
  world.decideExchange(vcpu, { type: 'USERSPACE_RET', ret: 'success', check: 'passedOn' });
  vcpu.completion = 'none';
  vcpu.ghcbMsr = value;
  world.move('completionDone', vcpu.index, { ret: value });
  world.move('msrAnswer', vcpu.index, { name: 'PSC_RESP', value }, 'PscRetPassedOn');
  return 'resume';
}
