/** The VMSA: the register state of an SNP vCPU in a page that only the guest (and before launch KVM) can read. */
import { gfnToGpa } from './address';
import { eventInjection } from './error-words';
import { struct, word } from './layout';
import { sevFeatures } from './sev-features';
import { source } from './source';

const linux = source.kernel(
  '7.2.13',
  'arch/x86/include/asm/svm.h',
  'SEV-ES save area; offsets checked by compiling',
);
const svsm = source.svsm('cpuarch/src/vmsa.rs', 'VMSA layout');
const reserved = { reserved: true, doc: 'Reserved' } as const;

/** Bytes of a VMSA page; KVM and Linux name the first 1648 of them. */
export const VMSA_SIZE = 4096;

/** Virtual interrupt control, as coconut-svsm lays it out. */
export const vintrCtrl = word('VMSA virtual interrupt control', svsm, {
  vTpr: { bits: [7, 0], doc: 'Virtual TPR' },
  vIrq: { bits: [8, 8], as: 'flag', doc: 'Virtual interrupt pending' },
  vGif: { bits: [9, 9], as: 'flag', doc: 'Virtual GIF' },
  interruptShadow: { bits: [10, 10], as: 'flag', doc: 'Interrupt shadow' },
  vNmi: { bits: [11, 11], as: 'flag', doc: 'Virtual NMI pending' },
  vNmiMask: { bits: [12, 12], as: 'flag', doc: 'Virtual NMIs masked' },
  reserved13: { bits: [15, 13], ...reserved },
  vIntrPriority: { bits: [19, 16], doc: 'Priority of the virtual interrupt' },
  vIgnoreTpr: { bits: [20, 20], as: 'flag', doc: 'Ignore the TPR' },
  reserved21: { bits: [25, 21], ...reserved },
  vNmiEnable: { bits: [26, 26], as: 'flag', doc: 'Virtual NMIs on' },
  reserved27: { bits: [31, 27], ...reserved },
  vIntrVector: { bits: [39, 32], doc: 'Vector of the virtual interrupt' },
  reserved40: { bits: [62, 40], ...reserved },
  busy: { bits: [63, 63], as: 'flag', doc: 'The VMSA is in use' },
});

/** An event in the VMSA has the format of an injected event. */
export const vmsaEvent = eventInjection;

/** The VMSA page. */
export const vmsa = struct('VMSA', linux, VMSA_SIZE, {
  esSelector: { at: 0x000, size: 2, doc: 'ES selector' },
  esAttrib: { at: 0x002, size: 2, doc: 'ES attributes' },
  esLimit: { at: 0x004, size: 4, doc: 'ES limit' },
  esBase: { at: 0x008, size: 8, doc: 'ES base' },
  csSelector: { at: 0x010, size: 2, doc: 'CS selector' },
  csAttrib: { at: 0x012, size: 2, doc: 'CS attributes' },
  csLimit: { at: 0x014, size: 4, doc: 'CS limit' },
  csBase: { at: 0x018, size: 8, doc: 'CS base' },
  ssSelector: { at: 0x020, size: 2, doc: 'SS selector' },
  ssAttrib: { at: 0x022, size: 2, doc: 'SS attributes' },
  ssLimit: { at: 0x024, size: 4, doc: 'SS limit' },
  ssBase: { at: 0x028, size: 8, doc: 'SS base' },
  dsSelector: { at: 0x030, size: 2, doc: 'DS selector' },
  dsAttrib: { at: 0x032, size: 2, doc: 'DS attributes' },
  dsLimit: { at: 0x034, size: 4, doc: 'DS limit' },
  dsBase: { at: 0x038, size: 8, doc: 'DS base' },
  fsSelector: { at: 0x040, size: 2, doc: 'FS selector' },
  fsAttrib: { at: 0x042, size: 2, doc: 'FS attributes' },
  fsLimit: { at: 0x044, size: 4, doc: 'FS limit' },
  fsBase: { at: 0x048, size: 8, doc: 'FS base' },
  gsSelector: { at: 0x050, size: 2, doc: 'GS selector' },
  gsAttrib: { at: 0x052, size: 2, doc: 'GS attributes' },
  gsLimit: { at: 0x054, size: 4, doc: 'GS limit' },
  gsBase: { at: 0x058, size: 8, doc: 'GS base' },
  gdtrSelector: { at: 0x060, size: 2, doc: 'GDTR selector' },
  gdtrAttrib: { at: 0x062, size: 2, doc: 'GDTR attributes' },
  gdtrLimit: { at: 0x064, size: 4, doc: 'GDTR limit' },
  gdtrBase: { at: 0x068, size: 8, doc: 'GDTR base' },
  ldtrSelector: { at: 0x070, size: 2, doc: 'LDTR selector' },
  ldtrAttrib: { at: 0x072, size: 2, doc: 'LDTR attributes' },
  ldtrLimit: { at: 0x074, size: 4, doc: 'LDTR limit' },
  ldtrBase: { at: 0x078, size: 8, doc: 'LDTR base' },
  idtrSelector: { at: 0x080, size: 2, doc: 'IDTR selector' },
  idtrAttrib: { at: 0x082, size: 2, doc: 'IDTR attributes' },
  idtrLimit: { at: 0x084, size: 4, doc: 'IDTR limit' },
  idtrBase: { at: 0x088, size: 8, doc: 'IDTR base' },
  trSelector: { at: 0x090, size: 2, doc: 'TR selector' },
  trAttrib: { at: 0x092, size: 2, doc: 'TR attributes' },
  trLimit: { at: 0x094, size: 4, doc: 'TR limit' },
  trBase: { at: 0x098, size: 8, doc: 'TR base' },
  pl0Ssp: { at: 0x0a0, size: 8, doc: 'Shadow stack pointer of privilege level 0' },
  pl1Ssp: { at: 0x0a8, size: 8, doc: 'Shadow stack pointer of privilege level 1' },
  pl2Ssp: { at: 0x0b0, size: 8, doc: 'Shadow stack pointer of privilege level 2' },
  pl3Ssp: { at: 0x0b8, size: 8, doc: 'Shadow stack pointer of privilege level 3' },
  uCet: { at: 0x0c0, size: 8, doc: 'User CET state' },
  reserved0c8: { at: 0x0c8, size: 2, ...reserved },
  vmpl: { at: 0x0ca, size: 1, as: 'dec', doc: 'VMPL this VMSA runs at' },
  cpl: { at: 0x0cb, size: 1, as: 'dec', doc: 'Current privilege level' },
  reserved0cc: { at: 0x0cc, size: 4, ...reserved },
  efer: { at: 0x0d0, size: 8, doc: 'EFER; SVME must be set' },
  reserved0d8: { at: 0x0d8, size: 104, ...reserved },
  xss: { at: 0x140, size: 8, doc: 'XSS' },
  cr4: { at: 0x148, size: 8, doc: 'CR4' },
  cr3: { at: 0x150, size: 8, doc: 'CR3' },
  cr0: { at: 0x158, size: 8, doc: 'CR0' },
  dr7: { at: 0x160, size: 8, doc: 'DR7' },
  dr6: { at: 0x168, size: 8, doc: 'DR6' },
  rflags: { at: 0x170, size: 8, doc: 'RFLAGS' },
  rip: { at: 0x178, size: 8, doc: 'RIP' },
  dr0: { at: 0x180, size: 8, doc: 'DR0, with debug swap' },
  dr1: { at: 0x188, size: 8, doc: 'DR1, with debug swap' },
  dr2: { at: 0x190, size: 8, doc: 'DR2, with debug swap' },
  dr3: { at: 0x198, size: 8, doc: 'DR3, with debug swap' },
  dr0AddrMask: { at: 0x1a0, size: 8, doc: 'DR0 address mask, with debug swap' },
  dr1AddrMask: { at: 0x1a8, size: 8, doc: 'DR1 address mask, with debug swap' },
  dr2AddrMask: { at: 0x1b0, size: 8, doc: 'DR2 address mask, with debug swap' },
  dr3AddrMask: { at: 0x1b8, size: 8, doc: 'DR3 address mask, with debug swap' },
  reserved1c0: { at: 0x1c0, size: 24, ...reserved },
  rsp: { at: 0x1d8, size: 8, doc: 'RSP' },
  sCet: { at: 0x1e0, size: 8, doc: 'Supervisor CET state' },
  ssp: { at: 0x1e8, size: 8, doc: 'Shadow stack pointer' },
  isstAddr: { at: 0x1f0, size: 8, doc: 'Interrupt shadow stack table' },
  rax: { at: 0x1f8, size: 8, doc: 'RAX' },
  star: { at: 0x200, size: 8, doc: 'STAR' },
  lstar: { at: 0x208, size: 8, doc: 'LSTAR' },
  cstar: { at: 0x210, size: 8, doc: 'CSTAR' },
  sfmask: { at: 0x218, size: 8, doc: 'SFMASK' },
  kernelGsBase: { at: 0x220, size: 8, doc: 'Kernel GS base' },
  sysenterCs: { at: 0x228, size: 8, doc: 'SYSENTER_CS' },
  sysenterEsp: { at: 0x230, size: 8, doc: 'SYSENTER_ESP' },
  sysenterEip: { at: 0x238, size: 8, doc: 'SYSENTER_EIP' },
  cr2: { at: 0x240, size: 8, doc: 'CR2' },
  reserved248: { at: 0x248, size: 32, ...reserved },
  gPat: { at: 0x268, size: 8, doc: 'PAT' },
  dbgctl: { at: 0x270, size: 8, doc: 'DEBUGCTL' },
  brFrom: { at: 0x278, size: 8, doc: 'Last branch from' },
  brTo: { at: 0x280, size: 8, doc: 'Last branch to' },
  lastExcpFrom: { at: 0x288, size: 8, doc: 'Last exception from' },
  lastExcpTo: { at: 0x290, size: 8, doc: 'Last exception to' },
  reserved298: { at: 0x298, size: 80, ...reserved },
  pkru: { at: 0x2e8, size: 4, doc: 'PKRU' },
  tscAux: { at: 0x2ec, size: 4, doc: 'TSC_AUX; coconut-svsm treats it as reserved' },
  tscScale: { at: 0x2f0, size: 8, doc: 'Secure TSC scale' },
  tscOffset: { at: 0x2f8, size: 8, doc: 'Secure TSC offset' },
  regProtNonce: {
    at: 0x300,
    size: 8,
    source: svsm,
    doc: 'Register protection nonce; Linux treats it as reserved',
  },
  rcx: { at: 0x308, size: 8, doc: 'RCX' },
  rdx: { at: 0x310, size: 8, doc: 'RDX' },
  rbx: { at: 0x318, size: 8, doc: 'RBX' },
  reserved320: { at: 0x320, size: 8, ...reserved },
  rbp: { at: 0x328, size: 8, doc: 'RBP' },
  rsi: { at: 0x330, size: 8, doc: 'RSI' },
  rdi: { at: 0x338, size: 8, doc: 'RDI' },
  r8: { at: 0x340, size: 8, doc: 'R8' },
  r9: { at: 0x348, size: 8, doc: 'R9' },
  r10: { at: 0x350, size: 8, doc: 'R10' },
  r11: { at: 0x358, size: 8, doc: 'R11' },
  r12: { at: 0x360, size: 8, doc: 'R12' },
  r13: { at: 0x368, size: 8, doc: 'R13' },
  r14: { at: 0x370, size: 8, doc: 'R14' },
  r15: { at: 0x378, size: 8, doc: 'R15' },
  reserved380: { at: 0x380, size: 16, ...reserved },
  guestExitInfo1: { at: 0x390, size: 8, doc: 'Exit info 1 of the last automatic exit' },
  guestExitInfo2: { at: 0x398, size: 8, doc: 'Exit info 2 of the last automatic exit' },
  guestExitIntInfo: { at: 0x3a0, size: 8, word: vmsaEvent, doc: 'Interrupted event' },
  guestNrip: { at: 0x3a8, size: 8, doc: 'Next RIP' },
  sevFeatures: { at: 0x3b0, size: 8, word: sevFeatures, doc: 'Features this VMSA runs with' },
  vintrCtrl: { at: 0x3b8, size: 8, word: vintrCtrl, doc: 'Virtual interrupt control' },
  guestExitCode: { at: 0x3c0, size: 8, doc: 'Exit code of the last automatic exit; all ones: invalid' },
  virtualTom: { at: 0x3c8, size: 8, as: 'gpa', doc: 'Virtual top of memory' },
  tlbId: { at: 0x3d0, size: 8, doc: 'TLB id' },
  pcpuId: { at: 0x3d8, size: 8, doc: 'Physical CPU id' },
  eventInj: { at: 0x3e0, size: 8, word: vmsaEvent, doc: 'Event to inject at the next entry' },
  xcr0: { at: 0x3e8, size: 8, doc: 'XCR0' },
  reserved3f0: { at: 0x3f0, size: 16, ...reserved },
  x87Dp: { at: 0x400, size: 8, doc: 'x87 data pointer' },
  mxcsr: { at: 0x408, size: 4, doc: 'MXCSR' },
  x87Ftw: { at: 0x40c, size: 2, doc: 'x87 tag word' },
  x87Fsw: { at: 0x40e, size: 2, doc: 'x87 status word' },
  x87Fcw: { at: 0x410, size: 2, doc: 'x87 control word' },
  x87Fop: { at: 0x412, size: 2, doc: 'x87 opcode' },
  x87Ds: { at: 0x414, size: 2, doc: 'x87 data segment' },
  x87Cs: { at: 0x416, size: 2, doc: 'x87 code segment' },
  x87Rip: { at: 0x418, size: 8, doc: 'x87 instruction pointer' },
  fpregX87: { at: 0x420, size: 80, doc: 'x87 registers' },
  fpregXmm: { at: 0x470, size: 256, doc: 'XMM registers' },
  fpregYmm: { at: 0x570, size: 256, doc: 'Upper halves of the YMM registers' },
  lbrStack: { at: 0x670, size: 256, source: svsm, doc: 'Last branch records' },
  lbrSelect: { at: 0x770, size: 8, source: svsm, doc: 'LBR select' },
  ibsFetchCtl: { at: 0x778, size: 8, source: svsm, doc: 'IBS fetch control' },
  ibsFetchLinaddr: { at: 0x780, size: 8, source: svsm, doc: 'IBS fetch address' },
  ibsOpCtl: { at: 0x788, size: 8, source: svsm, doc: 'IBS op control' },
  ibsOpRip: { at: 0x790, size: 8, source: svsm, doc: 'IBS op RIP' },
  ibsOpData: { at: 0x798, size: 8, source: svsm, doc: 'IBS op data' },
  ibsOpData2: { at: 0x7a0, size: 8, source: svsm, doc: 'IBS op data 2' },
  ibsOpData3: { at: 0x7a8, size: 8, source: svsm, doc: 'IBS op data 3' },
  ibsDcLinaddr: { at: 0x7b0, size: 8, source: svsm, doc: 'IBS data address' },
  bpIbstgtRip: { at: 0x7b8, size: 8, source: svsm, doc: 'IBS branch target' },
  icIbsExtdCtl: { at: 0x7c0, size: 8, source: svsm, doc: 'IBS extended control' },
  reserved7c8: { at: 0x7c8, size: 2104, ...reserved },
});

/** EFER.SVME, which a VMSA must have set. */
export const EFER_SVME = 0x1000n;

/** Values that a guest writes to a VMSA for a vCPU in the state after INIT, with the page's start address as SIPI vector. */
export interface VmsaInit {
  /** SIPI vector: the AP starts at vector << 12. */
  readonly sipiVector: number;
  /** VMPL of the new VMSA. */
  readonly vmpl: number;
  /** SEV_FEATURES: SEV_STATUS >> 2. */
  readonly sevFeatures: bigint;
}

const DATA_SEGMENT = 0x92;
const CODE_SEGMENT = 0x9a;
const LIMIT_64K = 0xffff;

/** The INIT state as EDK2 and Linux build it for an AP; register values not named are zero. By field name of {@link vmsa}. */
export function vmsaInitValues({
  sipiVector,
  vmpl,
  sevFeatures: features,
}: VmsaInit): Record<string, number | bigint> {
  const values: Record<string, number | bigint> = {
    csSelector: sipiVector << 8,
    csAttrib: CODE_SEGMENT,
    csBase: gfnToGpa(sipiVector),
    ldtrAttrib: 0x82,
    trAttrib: 0x83, // as Linux; EDK2 writes the TR type into LDTR
    vmpl,
    efer: EFER_SVME,
    cr0: 0x10n,
    dr7: 0x400n,
    dr6: 0xffff_0ff0n,
    rflags: 0x2n,
    gPat: 0x0007_0406_0007_0406n,
    sevFeatures: features,
    xcr0: 1n,
    mxcsr: 0x1f80,
    x87Ftw: 0x5555,
    x87Fcw: 0x0040,
  };
  for (const name of ['es', 'ss', 'ds', 'fs', 'gs']) values[`${name}Attrib`] = DATA_SEGMENT;
  for (const name of ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'gdtr', 'ldtr', 'idtr', 'tr']) {
    values[`${name}Limit`] = LIMIT_64K;
  }
  return values;
}
