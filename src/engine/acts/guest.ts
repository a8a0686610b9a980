/** What the guest does on a vCPU. */
import { may, need, table } from './parameter';

const pageSize = ['4K', '2M'] as const;
const target = need('count', 'APIC id of the target vCPU');
const apCreation = {
  target,
  vmsa: need('u64', 'GPA of the VMSA page'),
  features: may('u64', 'SEV_FEATURES in RAX; what the VM has when missing'),
  vmpl: may('count', 'VMPL field of SW_EXITINFO1'),
  'no-rax': may('flag', 'leave RAX invalid'),
};
const naeExtras = {
  usage: may('count', 'ghcb_usage'),
  scratch: may('u64', 'sw_scratch'),
  omit: may(
    'u64',
    'valid-bitmap indexes to leave unmarked, as a mask over 114..117: bit 0 exit code, 1 info1, 2 info2, 3 scratch',
  ),
};

/** What the guest does on a vCPU. */
/** The verbs of the guest. */
export const guestActs = table({
  'use-ghcb': {
    doc: 'take a shared page as GHCB on this vCPU, without registering it',
    params: { gpa: need('u64', 'page address') },
  },
  msr: { doc: 'write the GHCB MSR and VMGEXIT', params: { value: need('u64', 'GHCB MSR value') } },
  vmgexit: { doc: 'VMGEXIT with the GHCB page as it stands', params: {} },
  'register-ghcb': {
    doc: 'register a GHCB page by MSR 0x012 and use it',
    params: { gpa: need('u64', 'page address') },
  },
  'msr-psc': {
    doc: 'change one page by the MSR protocol',
    params: {
      gfn: need('count', 'guest frame'),
      op: need(['private', 'shared', 'psmash', 'unsmash', 'none'], 'operation'),
    },
  },
  nae: {
    doc: 'any NAE event, field by field',
    params: {
      code: need('u64', 'SW_EXITCODE'),
      info1: may('u64', 'SW_EXITINFO1'),
      info2: may('u64', 'SW_EXITINFO2'),
      rax: may('u64', 'RAX, marked valid'),
      rbx: may('u64', 'RBX, marked valid'),
      rcx: may('u64', 'RCX, marked valid'),
      rdx: may('u64', 'RDX, marked valid'),
      rsi: may('u64', 'RSI, marked valid'),
      cpl: may('count', 'CPL, marked valid'),
      xcr0: may('u64', 'XCR0, marked valid'),
      xss: may('u64', 'XSS, marked valid'),
      ...naeExtras,
    },
  },
  psc: {
    doc: 'a batched page state change',
    params: {
      entries: may(
        'entries',
        'operation:gfn[/2M][@done][+n], commas between; left out: the buffer as it stands',
      ),
      cur: may('count', 'cur_entry, 0 when missing'),
      end: may('count', 'end_entry, the last entry when missing'),
      ...naeExtras,
    },
  },
  'ap-create': { doc: 'AP creation: create now', params: apCreation },
  'ap-create-on-init': { doc: 'AP creation: create at the next INIT', params: apCreation },
  'ap-destroy': {
    doc: 'AP creation: destroy',
    params: {
      target,
      vmsa: may('u64', 'VMSA GPA, ignored by KVM'),
      features: may('u64', 'SEV_FEATURES in RAX; not marked valid when missing, as Linux does it'),
    },
  },
  init: { doc: 'send INIT through the local APIC', params: { target } },
  sipi: { doc: 'send SIPI through the local APIC', params: { target } },
  'init-sipi': { doc: 'send INIT, then SIPI', params: { target } },
  nmi: { doc: 'send an NMI', params: { target } },
  hold: { doc: 'AP reset hold', params: { form: need(['msr', 'nae'], 'form of the request') } },
  'make-vmsa': {
    doc: 'fill a VMSA page and mark it by RMPADJUST',
    params: { gpa: need('u64', 'page address'), features: may('u64', 'SEV_FEATURES in the page') },
  },
  pvalidate: {
    doc: 'PVALIDATE a run of pages',
    params: {
      gpa: need('u64', 'first address'),
      n: may('count', 'pages of that size, 1 when missing'),
      size: may(pageSize, '4K when missing'),
      validate: may('flag', 'yes when missing; no rescinds'),
    },
  },
  rmpadjust: {
    doc: 'RMPADJUST one page',
    params: {
      gpa: need('u64', 'page address'),
      vmsa: need('flag', 'VMSA attribute'),
      size: may(pageSize, '4K when missing'),
    },
  },
  read: {
    doc: 'read eight bytes',
    params: { gpa: need('u64', 'address'), private: need('flag', 'with the C-bit') },
  },
  write: {
    doc: 'write eight bytes',
    params: {
      gpa: need('u64', 'address'),
      private: need('flag', 'with the C-bit'),
      value: need('u64', 'the bytes'),
    },
  },
  store: {
    doc: 'store bytes into a page, as they are',
    params: {
      gpa: need('u64', 'page address'),
      private: need('flag', 'with the C-bit'),
      bytes: need('bytes', 'offset:hex, commas between; the rest of the page stays'),
    },
  },
  hlt: { doc: 'HLT', params: {} },
  'triple-fault': { doc: 'an exception without a handler: the processor shuts down', params: {} },
  terminate: {
    doc: 'request termination',
    params: {
      form: need(['msr', 'nae'], 'form of the request'),
      set: need('count', 'reason code set'),
      code: need('count', 'reason code'),
      info2: may('u64', 'SW_EXITINFO2 of the NAE form'),
    },
  },
  'hv-features': {
    doc: 'ask for the hypervisor features',
    params: { form: need(['msr', 'nae'], 'form of the request') },
  },
  cpuid: {
    doc: 'CPUID through the GHCB page or the MSR protocol',
    params: {
      form: need(['msr', 'nae'], 'form of the request'),
      fn: need('u64', 'leaf'),
      subfn: may('u64', 'sub-leaf, NAE form only'),
      reg: may('count', 'register wanted, MSR form only: 0 EAX to 3 EDX'),
    },
  },
  'io-out': {
    doc: 'OUT',
    params: {
      port: need('count', 'port'),
      size: need('count', 'bytes: 1, 2, 4'),
      value: need('u64', 'value'),
    },
  },
  'io-in': { doc: 'IN', params: { port: need('count', 'port'), size: need('count', 'bytes: 1, 2, 4') } },
  'mmio-read': {
    doc: 'MMIO read through the GHCB page',
    params: { gpa: need('u64', 'address'), len: need('count', 'bytes') },
  },
  'mmio-write': {
    doc: 'MMIO write through the GHCB page',
    params: { gpa: need('u64', 'address'), len: need('count', 'bytes'), value: need('u64', 'value') },
  },
  rdmsr: { doc: 'RDMSR through the GHCB page', params: { index: need('u64', 'MSR number') } },
  wrmsr: {
    doc: 'WRMSR through the GHCB page',
    params: { index: need('u64', 'MSR number'), value: need('u64', 'value') },
  },
  'io-string': {
    doc: 'INS or OUTS',
    params: {
      direction: need(['in', 'out'], 'INS or OUTS'),
      port: need('count', 'port'),
      size: need('count', 'bytes of one item: 1, 2, 4'),
      n: need('count', 'items'),
      value: may('u64', 'every item of an OUTS'),
      scratch: may('u64', 'sw_scratch; the shared buffer when missing'),
    },
  },
  instruction: {
    doc: 'an intercepted instruction without a separate act',
    params: {
      what: need(
        ['dr7-read', 'dr7-write', 'rdtsc', 'rdpmc', 'invd', 'rdtscp', 'wbinvd', 'monitor', 'mwait'],
        'instruction',
      ),
      rax: may('u64', 'RAX where it is needed, 0 when missing'),
      rcx: may('u64', 'RCX where it is needed, 0 when missing'),
      rdx: may('u64', 'RDX where it is needed, 0 when missing'),
    },
  },
  vmmcall: {
    doc: 'a hypercall',
    params: {
      nr: need('u64', 'hypercall number'),
      a0: may('u64', 'first argument, RBX'),
      a1: may('u64', 'second argument, RCX'),
      a2: may('u64', 'third argument, RDX'),
      a3: may('u64', 'fourth argument, RSI'),
      cpl: may('count', 'privilege level, 0 when missing'),
    },
  },
  'nmi-complete': { doc: 'the NMI is handled', params: {} },
  'jump-table': {
    doc: 'AP jump table of SEV-ES guests',
    params: { op: need(['set', 'get'], 'what to do'), gpa: may('u64', 'address to set') },
  },
  'guest-request': {
    doc: 'SNP guest request: a message to the firmware',
    params: {
      request: need('u64', 'GPA of the request page'),
      response: need('u64', 'GPA of the response page'),
      type: may('count', 'message type, a report request (5) when missing'),
      seq: may('u64', 'sequence number; when missing the one that the firmware expects'),
    },
  },
  'ext-guest-request': {
    doc: 'SNP extended guest request: with room for certificates',
    params: {
      request: need('u64', 'GPA of the request page'),
      response: need('u64', 'GPA of the response page'),
      type: may('count', 'message type, a report request (5) when missing'),
      seq: may('u64', 'sequence number; when missing the one that the firmware expects'),
      certs: may('u64', 'GPA of the certificate buffer, RAX; not marked valid when missing'),
      pages: may('u64', 'its pages, RBX; not marked valid when missing'),
    },
  },
  unsupported: {
    doc: 'report an event the guest cannot handle',
    params: { error: need('u64', '#VC error code') },
  },
  step: { doc: 'the guest program executes its next instruction', params: {} },
});
