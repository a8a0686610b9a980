import { source, type Source } from '../../abi/source';
import { rulesOf } from './rule';

const linux = (file: string, topic: string): Source => source.kernel('7.2.13', `arch/x86/${file}`, topic);
const ovmfSec = (topic: string): Source => source.edk2('OvmfPkg/Sec/AmdSev.c', topic);
const ovmfPages = (topic: string): Source =>
  source.edk2('OvmfPkg/Library/BaseMemEncryptSevLib/X64/SnpPageStateChangeInternal.c', topic);
const svsmMsr = (topic: string): Source => source.svsm('kernel/src/sev/msr_protocol.rs', topic);
const svsmGhcb = (topic: string): Source => source.svsm('kernel/src/sev/ghcb.rs', topic);

/** What guest programs decide on the answers they get: the file and function of each decision. */
export const guestRules = rulesOf({
  LinuxGivesUp: {
    says: 'Linux asks for termination when it and the hypervisor have no protocol version in common.',
    source: linux('boot/compressed/sev.c', 'sev_enable; sev_es_negotiate_protocol'),
  },
  LinuxNoSnp: {
    says: 'Linux asks for termination without feature bit 0; of a version 1 hypervisor it takes the features as 0, unasked.',
    source: linux('boot/startup/sev-shared.c', 'get_hv_features, and its callers'),
  },
  LinuxNotRegistered: {
    says: 'Linux asks for termination when its GHCB address is not repeated.',
    source: linux('coco/sev/vc-shared.c', 'snp_register_ghcb_early'),
  },
  LinuxPageRefused: {
    says: 'Linux asks for termination when the change of one page by the MSR protocol is refused.',
    source: linux('boot/startup/sev-shared.c', '__page_state_change'),
  },
  LinuxPscRefused: {
    says: 'Linux asks for termination when SW_EXITINFO1 or SW_EXITINFO2 of a page state change reports an error.',
    source: linux('coco/sev/core.c', 'vmgexit_psc, __set_pages_state'),
  },
  LinuxPscHeader: {
    says: 'Linux asks for termination when the header comes back with its reserved word set or a larger end_entry; it compares cur_entry with 0, its value before the first call, so a decrease between calls is not seen.',
    source: linux('coco/sev/core.c', 'vmgexit_psc'),
  },
  LinuxPvalidate: {
    says: 'Linux asks for termination when PVALIDATE fails.',
    source: linux('coco/sev/core.c', 'pval_pages, __pval_terminate'),
  },
  OvmfGivesUp: {
    says: 'OVMF asks for termination when the protocol versions have none in common; version 1 alone is accepted.',
    source: ovmfSec('SevEsProtocolCheck'),
  },
  OvmfNoSnp: {
    says: 'OVMF asks for the features whatever the version, and for termination without feature bit 0.',
    source: ovmfSec('HypervisorSnpFeatureCheck, SevEsProtocolCheck'),
  },
  OvmfNotRegistered: {
    says: 'OVMF asks for termination when its GHCB address is not repeated.',
    source: ovmfSec('SevSnpGhcbRegister'),
  },
  OvmfFeatures: {
    says: 'PEI asks for the features by the GHCB page and needs an answer.',
    source: source.edk2('OvmfPkg/PlatformPei/AmdSev.c', 'hypervisor features'),
  },
  OvmfNotVmpl0: {
    says: 'OVMF asks for termination when RMPADJUST shows that it is not at VMPL0 and there is no SVSM.',
    source: source.edk2(
      'OvmfPkg/Library/BaseMemEncryptSevLib/X64/SecSnpSystemRamValidate.c',
      'MemEncryptSevSnpPreValidateSystemRam',
    ),
  },
  OvmfPscRefused: {
    says: 'OVMF asks for termination when a page state change reports an error; of the header it looks only at whether all is done.',
    source: ovmfPages('InternalSetPageState, SnpPageStateFailureTerminate'),
  },
  OvmfPvalidate: {
    says: 'OVMF asks for termination when PVALIDATE fails.',
    source: ovmfPages('PvalidateRange'),
  },
  SvsmGivesUp: {
    says: 'coconut-svsm panics: MSR 0x100 and HLT in a loop, in case the host resumes it.',
    source: svsmMsr('request_termination_msr'),
  },
  SvsmVersion: {
    says: 'coconut-svsm panics unless version 2 is offered.',
    source: svsmMsr('verify_ghcb_version'),
  },
  SvsmFeatures: {
    says: 'coconut-svsm logs features that are missing and goes on; it panics without an answer.',
    source: svsmMsr('init_hypervisor_ghcb_features'),
  },
  SvsmNotRegistered: {
    says: 'coconut-svsm panics when its GHCB address is not repeated.',
    source: svsmMsr('register_ghcb_gpa_msr'),
  },
  SvsmPageRefused: {
    says: 'coconut-svsm panics when the change of one page by the MSR protocol is refused.',
    source: svsmMsr('set_page_valid_status_msr'),
  },
  SvsmCallFailed: {
    says: 'coconut-svsm takes a call for failed when SW_EXITINFO1 is not 0, and for nothing else.',
    source: svsmGhcb('GHCB::vmgexit'),
  },
  SvsmIgnoresInfo2: {
    says: 'After a page state change coconut-svsm looks at SW_EXITINFO1 alone; an error in SW_EXITINFO2 is not seen, and it goes on to PVALIDATE.',
    source: svsmGhcb('GHCB::page_state_change, GHCB::vmgexit'),
  },
});
