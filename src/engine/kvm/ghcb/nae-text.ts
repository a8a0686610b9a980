/** Short text of a GHCB-page request for the ladder: its event, target and operands. */
import { pageOffset, pageStart } from '../../../abi/address';
import { apCreationRequests, apInfo1 } from '../../../abi/ap-creation';
import { ioioInfo1 } from '../../../abi/ioio';
import {
  naeEvent,
  SVM_EXIT_CPUID,
  SVM_EXIT_IOIO,
  SVM_EXIT_MSR,
  SVM_VMGEXIT_AP_CREATION,
  SVM_VMGEXIT_MMIO_READ,
  SVM_VMGEXIT_MMIO_WRITE,
  SVM_VMGEXIT_PSC,
  SVM_VMGEXIT_TERM_REQUEST,
  terminationInfo1,
} from '../../../abi/nae';
import { pscHeader } from '../../../abi/psc';
import type { ByteView } from '../../../base/bytes';
import { hex } from '../../../base/hex';
import type { Vcpu } from '../../state/vcpu';

/** Name of an exit code without the prefix of the header. */
export function shortEventName(code: bigint): string {
  const name = naeEvent(code)?.name;
  return name ? name.replace(/^SVM_(VMGEXIT|EXIT)_/, '') : `exit code ${hex(code)}`;
}

const details: ReadonlyMap<number, (vcpu: Vcpu, page: ByteView) => string> = new Map([
  [SVM_VMGEXIT_PSC, pscText],
  [SVM_VMGEXIT_AP_CREATION, apCreationText],
  [SVM_EXIT_IOIO, ioioText],
  [SVM_EXIT_CPUID, (vcpu) => `leaf ${hex(vcpu.rax & 0xffffffffn)}`],
  [SVM_EXIT_MSR, (vcpu) => `${vcpu.exitInfo1 === 0n ? 'read' : 'write'} ${hex(vcpu.rcx & 0xffffffffn)}`],
  [SVM_VMGEXIT_MMIO_READ, (vcpu) => `${hex(vcpu.exitInfo1)} len ${vcpu.exitInfo2}`],
  [SVM_VMGEXIT_MMIO_WRITE, (vcpu) => `${hex(vcpu.exitInfo1)} len ${vcpu.exitInfo2}`],
  [SVM_VMGEXIT_TERM_REQUEST, terminationText],
]);

/** The request that KVM has just taken from the GHCB page of this vCPU. */
export function naeText(vcpu: Vcpu, page: ByteView): string {
  const detail = details.get(Number(vcpu.exitCode));
  const name = shortEventName(vcpu.exitCode);
  return detail ? `${name} ${detail(vcpu, page)}` : name;
}

function apCreationText(vcpu: Vcpu): string {
  const { request, vmpl, apicId } = apInfo1.decode(vcpu.exitInfo1);
  const names: Readonly<Record<number, string>> = apCreationRequests;
  const what = vmpl === 0 ? (names[request] ?? `request ${request}`) : `request ${request} VMPL ${vmpl}`;
  const vmsa = what === 'DESTROY' ? '' : ` VMSA ${hex(vcpu.exitInfo2)}`;
  return `${what} v${apicId}${vmsa}`;
}

function ioioText(vcpu: Vcpu): string {
  const { direction, port, sizeBytes, string } = ioioInfo1.decode(vcpu.exitInfo1);
  const form =
    string === 1 ? `string, ${vcpu.exitInfo2} items` : `${sizeBytes} byte${sizeBytes === 1 ? '' : 's'}`;
  return `${direction === 1 ? 'in' : 'out'} port ${hex(port)} ${form}`;
}

function terminationText(vcpu: Vcpu): string {
  const { reasonSet, reasonCode } = terminationInfo1.decode(vcpu.exitInfo1);
  return `set ${reasonSet} code ${reasonCode}`;
}

/** Only a buffer inside the GHCB page can be read here. */
function pscText(vcpu: Vcpu, page: ByteView): string {
  const at = pageOffset(vcpu.swScratch);
  if (pageStart(vcpu.swScratch) !== vcpu.ghcbGpa || at + 8 > page.byteLength)
    return `at ${hex(vcpu.swScratch)}`;
  const { curEntry, endEntry } = pscHeader.decode(page.u64(at));
  return `entries ${curEntry}..${endEntry}`;
}
