/** SEV_FEATURES of a VMSA, and SEV_STATUS, the MSR in which the guest sees them. */
import { word } from './layout';
import { source } from './source';

/** The MSR number of SEV_STATUS. */
export const MSR_AMD64_SEV = 0xc001_0131;

const edk2 = source.edk2('MdePkg/Include/Register/Amd/SevSnpMsr.h', 'SEV_STATUS bits');
const openvmmLater = source.openvmm(
  'vm/x86/x86defs/src/snp.rs',
  'SEV_FEATURES (a later version, commit not known)',
);

const flag = <const Hi extends number>(bit: Hi, doc: string, from = edk2) =>
  ({ bits: [bit, bit], as: 'flag', doc, source: from }) as const;

/** Features that KVM knows. It adds SNP_ACTIVE itself and never allows the two injection modes. */
export const SVM_SEV_FEAT_SNP_ACTIVE = 1n << 0n;
export const SVM_SEV_FEAT_RESTRICTED_INJECTION = 1n << 3n;
export const SVM_SEV_FEAT_ALTERNATE_INJECTION = 1n << 4n;
export const SVM_SEV_FEAT_DEBUG_SWAP = 1n << 5n;
export const SVM_SEV_FEAT_SECURE_TSC = 1n << 9n;

/** Bits 3 and 4: how interrupts reach the guest. Older kernels compare only these at AP creation. */
export const SVM_SEV_FEAT_INT_INJ_MODES =
  SVM_SEV_FEAT_RESTRICTED_INJECTION | SVM_SEV_FEAT_ALTERNATE_INJECTION;

/** VMSA offset 0x3b0, and RAX of AP creation. */
export const sevFeatures = word('SEV_FEATURES', edk2, {
  snpActive: flag(0, 'SEV-SNP is active'),
  vTom: flag(1, 'Virtual top of memory'),
  reflectVc: flag(2, 'Reflect #VC'),
  restrictedInjection: flag(3, 'Restricted injection'),
  alternateInjection: flag(4, 'Alternate injection'),
  debugSwap: flag(5, 'Debug register swap'),
  preventHostIbs: flag(6, 'Prevent host IBS'),
  btbIsolation: flag(7, 'BTB isolation'),
  vmplSss: flag(8, 'VMPL supervisor shadow stack'),
  secureTsc: flag(9, 'Secure TSC'),
  vmgexitParameter: flag(10, 'VMGEXIT parameter'),
  pmcVirtualization: flag(11, 'PMC virtualization'),
  ibsVirtualization: flag(12, 'IBS virtualization'),
  guestInterceptControl: flag(13, 'Guest intercept control', openvmmLater),
  vmsaRegisterProtection: flag(14, 'VMSA register protection'),
  smtProtection: flag(15, 'SMT protection'),
  secureAvic: flag(16, 'Secure AVIC'),
  reserved17: { bits: [20, 17], reserved: true, doc: 'Reserved' },
  ibpbOnEntry: flag(21, 'IBPB on entry'),
  reserved22: { bits: [62, 22], reserved: true, doc: 'Reserved' },
  reserved63: {
    bits: [63, 63],
    reserved: true,
    doc: 'Reserved; "valid" in the allowed-features field of the VMCB',
  },
});

/** SEV_STATUS: SEV_FEATURES << 2 above two bits of its own. */
export const sevStatus = word('SEV_STATUS MSR', edk2, {
  sev: flag(0, 'SEV is on'),
  sevEs: flag(1, 'SEV-ES is on'),
  features: { bits: [63, 2], as: 'hex', doc: 'SEV_FEATURES [61:0]' },
});

/** SEV_STATUS that goes with a VMSA's features. */
export const sevStatusOf = (features: bigint): bigint =>
  sevStatus.encode({ sev: 1, sevEs: 1, features: features & ((1n << 62n) - 1n) });

/** The features a guest reads out of SEV_STATUS. */
export const sevFeaturesOf = (status: bigint): bigint => sevStatus.decode(status).features;
