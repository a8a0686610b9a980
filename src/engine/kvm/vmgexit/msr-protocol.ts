/** The GHCB MSR protocol: one value in, one value out. */
import { gfnToGpa } from '../../../abi/address';
import {
  apResetHoldResponse,
  cpuidRequest,
  featuresResponse,
  ghcbMsrInfo,
  ghcbMsrMessage,
  GHCB_MSR_AP_RESET_HOLD_REQ,
  GHCB_MSR_CPUID_REQ,
  GHCB_MSR_CPUID_RESP,
  GHCB_MSR_HV_FT_REQ,
  GHCB_MSR_NO_GFN,
  GHCB_MSR_PREF_GPA_REQ,
  GHCB_MSR_PSC_REQ,
  GHCB_MSR_REG_GPA_REQ,
  GHCB_MSR_SEV_INFO_REQ,
  GHCB_MSR_TERM_REQ,
  KVM_HV_FEATURES,
  preferredGpaResponse,
  registerGpaRequest,
  registerGpaResponse,
} from '../../../abi/ghcb-msr';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { cpuidLeaf } from './cpuid';
import type { Handled, VmgexitHandler } from '../ghcb/ghcb';
import { apResetHold } from '../ap/hold';
import { leaveForHandler } from './instruction';
import { snpBeginPscMsr } from '../psc/psc-msr';
import { sevInfo } from './sev-info';
import { exitSevTerm } from './termination';

/** sev_handle_vmgexit_msr_protocol. */
export function sevHandleVmgexitMsrProtocol(world: World, vcpu: Vcpu): Handled {
  const request = vcpu.ghcbMsr;
  const name = ghcbMsrMessage(request)?.name ?? `info 0x${ghcbMsrInfo(request).toString(16)}`;
  world.sendExchange(vcpu, { type: 'MSR_REQUEST' });
  world.move('msrRequest', vcpu.index, { name, value: request });
  const handler = handlers[ghcbMsrInfo(request)];
  if (!handler) return ignored(world, vcpu);
  if (world.vm.type !== 'snp' && snpOnly[ghcbMsrInfo(request)]?.(world)) {
    return terminate(world, vcpu, 'MsrSnpOnlyTerminates');
  }
  return handler(world, vcpu);
}

/** For a guest without SNP: whether its request is treated as a termination request. */
type SnpTest = (world: World) => boolean;
const gpaRequestTerminates: SnpTest = (world) => world.facet('msr.gpaRequestNonSnp') === 'terminates';

const snpOnly: Readonly<Record<number, SnpTest>> = {
  [GHCB_MSR_PREF_GPA_REQ]: gpaRequestTerminates,
  [GHCB_MSR_REG_GPA_REQ]: gpaRequestTerminates,
  [GHCB_MSR_PSC_REQ]: (world) => world.facet('psc.msrNonSnp') === 'terminates',
};

const handlers: Readonly<Record<number, VmgexitHandler>> = {
  [GHCB_MSR_SEV_INFO_REQ]: (world, vcpu) => answer(world, vcpu, sevInfo(world), 'MsrSevInfo'),
  [GHCB_MSR_CPUID_REQ]: answerCpuid,
  [GHCB_MSR_AP_RESET_HOLD_REQ]: (world, vcpu) => {
    vcpu.ghcbMsr = apResetHoldResponse.encode({ result: 0n });
    return apResetHold(world, vcpu, 'msr');
  },
  [GHCB_MSR_PREF_GPA_REQ]: (world, vcpu) =>
    answer(world, vcpu, preferredGpaResponse.encode({ gfn: GHCB_MSR_NO_GFN }), 'MsrPreferredGpa'),
  [GHCB_MSR_REG_GPA_REQ]: (world, vcpu) => {
    const { gfn } = registerGpaRequest.decode(vcpu.ghcbMsr);
    vcpu.registeredGhcbGpa = gfnToGpa(gfn);
    return answer(world, vcpu, registerGpaResponse.encode({ gfn }), 'MsrRegisterGpa');
  },
  [GHCB_MSR_PSC_REQ]: snpBeginPscMsr,
  [GHCB_MSR_HV_FT_REQ]: (world, vcpu) =>
    answer(world, vcpu, featuresResponse.encode({ features: KVM_HV_FEATURES }), 'MsrFeatures'),
  [GHCB_MSR_TERM_REQ]: (world, vcpu) => terminate(world, vcpu, 'MsrTerminate'),
};

function answer(world: World, vcpu: Vcpu, value: bigint, rule: RuleId): Handled {
  vcpu.ghcbMsr = value;
  world.sendExchange(vcpu, { type: 'ANSWER' });
  const name = ghcbMsrMessage(value)?.name ?? 'answer';
  world.move('msrAnswer', vcpu.index, { name, value }, rule);
  return 'resume';
}

function ignored(world: World, vcpu: Vcpu): Handled {
  world.sendExchange(vcpu, { type: 'IGNORED' });
  world.move('msrIgnored', vcpu.index, { value: vcpu.ghcbMsr }, 'MsrUnknown');
  return 'resume';
}

function terminate(world: World, vcpu: Vcpu, rule: RuleId): Handled {
  return exitSevTerm(world, vcpu, vcpu.ghcbMsr, rule);
}

/** Only info code and value are rewritten; the bits between keep their value from the request. */
function answerCpuid(world: World, vcpu: Vcpu): Handled {
  const request = vcpu.ghcbMsr;
  const { function: leaf, register } = cpuidRequest.decode(request);
  if (world.vm.instructionHandlersExit) return exitFromHandler(world, vcpu);
  const { registers, known } = cpuidLeaf(world, leaf, 0);
  const kept = request & 0xfffff000n;
  const value = (BigInt(registers[register] ?? 0) << 32n) | kept | BigInt(GHCB_MSR_CPUID_RESP);
  return answer(world, vcpu, value, known ? 'MsrCpuid' : 'CpuidNotModelled');
}

/** The ordinary instruction handler exits to userspace: the MSR keeps the request. */
function exitFromHandler(world: World, vcpu: Vcpu): Handled {
  world.sendExchange(vcpu, { type: 'EXIT_TO_USERSPACE' });
  return leaveForHandler(world, vcpu);
}
