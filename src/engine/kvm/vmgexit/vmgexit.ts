/** VMGEXIT: from the GHCB MSR to the handler of the event, in KVM's order. */
import { errno } from '../../../abi/errno';
import {
  GHCB_ERR_INVALID_EVENT,
  GHCB_ERR_INVALID_USAGE,
  GHCB_ERR_MISSING_INPUT,
  GHCB_ERR_NOT_REGISTERED,
} from '../../../abi/error-words';
import { ghcbPage, GHCB_USAGE_DEFAULT } from '../../../abi/ghcb-page';
import { ghcbMsrInfo } from '../../../abi/ghcb-msr';
import { naeEvent, requiredFields, SVM_VMGEXIT_AP_CREATION, SVM_VMGEXIT_PSC } from '../../../abi/nae';
import type { Image } from '../../memory/image';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import {
  failRequest,
  malformed,
  mapGhcb,
  snapshotGhcb,
  takeExtendedState,
  wasValid,
  writeSuccess,
  type Handled,
} from '../ghcb/ghcb';
import { fillInternalError } from '../internal-error';
import { sevHandleVmgexitMsrProtocol } from './msr-protocol';
import { naeHandlers } from './nae';
import { naeText } from '../ghcb/nae-text';
import { batchIsSnpOnly, batchNeedsScratchBit } from '../psc/psc-refusal';

/** sev_handle_vmgexit. */
export function sevHandleVmgexit(world: World, vcpu: Vcpu): Handled {
  const value = vcpu.ghcbMsr;
  if (ghcbMsrInfo(value) !== 0) return sevHandleVmgexitMsrProtocol(world, vcpu);
  world.sendExchange(vcpu, { type: 'NAE_REQUEST' });
  if (value === 0n) return ignored(world, vcpu, 'the GHCB MSR is 0', 'GhcbMsrZero');
  const page = mapGhcb(world, vcpu, value);
  if (!page) return ignored(world, vcpu, 'the GHCB page cannot be mapped', 'GhcbNotMappable');
  snapshotGhcb(vcpu, page);
  world.move('naeRequest', vcpu.index, {
    what: naeText(vcpu, page),
    code: vcpu.exitCode,
    info1: vcpu.exitInfo1,
    info2: vcpu.exitInfo2,
  });
  takeExtendedState(world, vcpu, page);
  const refusal = sevEsValidateVmgexit(world, vcpu, page);
  if (refusal) return refusal;
  writeSuccess(page);
  const handler = naeHandlers.get(Number(vcpu.exitCode));
  if (handler && vcpu.exitCode <= 0xffffffffn) return handler(world, vcpu);
  return malformed(world, vcpu, GHCB_ERR_INVALID_EVENT, 'UnknownEvent');
}

function ignored(world: World, vcpu: Vcpu, why: string, rule: 'GhcbMsrZero' | 'GhcbNotMappable'): Handled {
  world.sendExchange(vcpu, { type: 'IGNORED' });
  world.move('naeIgnored', vcpu.index, { why }, rule);
  return 'resume';
}

/** sev_es_validate_vmgexit, and the registration test before it. */
function sevEsValidateVmgexit(world: World, vcpu: Vcpu, page: Image): Handled | undefined {
  const snp = world.vm.type === 'snp';
  if (snp && vcpu.ghcbGpa !== vcpu.registeredGhcbGpa) return notRegistered(world, vcpu);
  if (ghcbPage.get(page, 'ghcbUsage') !== GHCB_USAGE_DEFAULT) {
    return malformed(world, vcpu, GHCB_ERR_INVALID_USAGE, 'GhcbUsage');
  }
  const event = naeEvent(vcpu.exitCode);
  const batch = vcpu.exitCode === BigInt(SVM_VMGEXIT_PSC);
  const snpOnly =
    !snp && event?.snpOnly === true && naeHandlers.has(event.code) && (!batch || batchIsSnpOnly(world));
  if (snpOnly && world.facet('nae.snpOnlyOnEs') === 'invalidEvent') {
    return malformed(world, vcpu, GHCB_ERR_INVALID_EVENT, 'SnpOnly');
  }
  const missing = requiredFields(vcpu.exitCode, { info1: vcpu.exitInfo1, rax: vcpu.rax }).some(
    (field) => !wasValid(vcpu, field) && !(batch && field === 'swScratch' && !batchNeedsScratchBit(world)),
  );
  if (missing || destroyLacksRax(world, vcpu)) return missingInput(world, vcpu);
  if (snpOnly) return malformed(world, vcpu, GHCB_ERR_MISSING_INPUT, 'SnpOnly');
  return undefined;
}

/** Whether RAX is required for every AP creation request; kernels differ for DESTROY only. */
function destroyLacksRax(world: World, vcpu: Vcpu): boolean {
  if (vcpu.exitCode !== BigInt(SVM_VMGEXIT_AP_CREATION) || wasValid(vcpu, 'rax')) return false;
  return world.facet('ap.destroyNeedsRax') === 'yes';
}

function notRegistered(world: World, vcpu: Vcpu): Handled {
  if (world.facet('ghcb.unregistered') === 'malformedInput') {
    return malformed(world, vcpu, GHCB_ERR_NOT_REGISTERED, 'GhcbNotRegistered');
  }
  return failRequest(world, vcpu, errno.EINVAL, 'GhcbNotRegistered');
}

/** Before malformed-input answers existed, a bad request made KVM_RUN fail. */
function missingInput(world: World, vcpu: Vcpu): Handled {
  if (world.facet('nae.missingInput') !== 'internalError') {
    return malformed(world, vcpu, GHCB_ERR_MISSING_INPUT, 'MissingInput');
  }
  fillInternalError(world, vcpu, vcpu.exitCode);
  return failRequest(world, vcpu, errno.EINVAL, 'MissingInput');
}
