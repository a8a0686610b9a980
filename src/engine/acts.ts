/**
 * The vocabulary of acts: every input that moves the world, declared once. Scenario text, event menu, explorer and
 * command line all read these tables.
 */

/** `u64` is a bigint, `count` a number, `flag` a boolean, a list of words a choice. */
export type ParameterKind = 'u64' | 'count' | 'flag' | 'entries' | readonly string[];

export interface Parameter<K extends ParameterKind = ParameterKind, R extends boolean = boolean> {
  readonly kind: K;
  readonly required: R;
  readonly doc: string;
}

const need = <const K extends ParameterKind>(kind: K, doc: string): Parameter<K, true> => ({
  kind,
  required: true,
  doc,
});
const may = <const K extends ParameterKind>(kind: K, doc: string): Parameter<K, false> => ({
  kind,
  required: false,
  doc,
});

/** One entry of a page-state-change request as people write it. */
export interface PscEntryInput {
  /** 1 private, 2 shared, 3 PSMASH, 4 UNSMASH, or any other 4-bit number. */
  readonly operation: number;
  readonly gfn: number;
  readonly twoMeg: boolean;
  /** 4K pages already done. */
  readonly currentPage: number;
}

export interface ActKind {
  readonly doc: string;
  readonly params: Readonly<Record<string, Parameter>>;
}
type ActTable = Readonly<Record<string, ActKind>>;
const table = <const T extends ActTable>(acts: T): T => acts;

const mpStates = [
  'RUNNABLE',
  'UNINITIALIZED',
  'INIT_RECEIVED',
  'HALTED',
  'SIPI_RECEIVED',
  'STOPPED',
  'AP_RESET_HOLD',
] as const;
const pageSize = ['4K', '2M'] as const;
const vcpu = need('count', 'vCPU id');
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
export const guestActs = table({
  'use-ghcb': {
    doc: 'take a shared page as GHCB on this vCPU, without registering it',
    params: { gpa: need('u64', 'page address') },
  },
  msr: { doc: 'write the GHCB MSR and VMGEXIT', params: { value: need('u64', 'GHCB MSR value') } },
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
    doc: 'any NAE event, word for word',
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
    params: { target, vmsa: may('u64', 'VMSA GPA, ignored by KVM') },
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
  hlt: { doc: 'HLT', params: {} },
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
    doc: 'an instruction that is intercepted and has no act of its own',
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
    },
  },
  'ext-guest-request': {
    doc: 'SNP extended guest request: with room for certificates',
    params: {
      request: need('u64', 'GPA of the request page'),
      response: need('u64', 'GPA of the response page'),
      type: may('count', 'message type, a report request (5) when missing'),
      certs: may('u64', 'GPA of the certificate buffer, RAX; not marked valid when missing'),
      pages: may('u64', 'its pages, RBX; not marked valid when missing'),
    },
  },
  unsupported: {
    doc: 'report an event the guest cannot handle',
    params: { error: need('u64', '#VC error code') },
  },
  step: { doc: 'the guest program takes its next instruction', params: {} },
});

/** What userspace does: ioctls, and answers to exits. */
export const vmmActs = table({
  'create-vm': {
    doc: 'KVM_CREATE_VM',
    params: {
      type: may(['snp', 'seves', 'sev', 'default'], 'snp when missing'),
      apic: may(['kernel', 'userspace'], 'kernel when missing'),
    },
  },
  memslot: {
    doc: 'KVM_SET_USER_MEMORY_REGION2',
    params: {
      gfn: need('count', 'first guest frame'),
      n: need('count', '4K pages'),
      backing: may(['guest-memfd', 'none', 'closed'], 'guest-memfd when missing'),
      gmem: may('count', 'first page in guest_memfd; the next free one when missing'),
    },
  },
  'hypercall-exits': {
    doc: 'KVM_ENABLE_CAP(KVM_CAP_EXIT_HYPERCALL)',
    params: { mask: may('u64', '0x1000 when missing') },
  },
  init2: {
    doc: 'KVM_SEV_INIT2',
    params: {
      features: may('u64', 'vmsa_features'),
      flags: may('count', 'flags'),
      'ghcb-version': may('count', 'ghcb_version'),
    },
  },
  'create-vcpu': { doc: 'KVM_CREATE_VCPU, ids in order', params: {} },
  'enable-certs': { doc: 'KVM_SEV_SNP_ENABLE_REQ_CERTS', params: {} },
  'launch-start': {
    doc: 'KVM_SEV_SNP_LAUNCH_START',
    params: {
      policy: may('u64', '0x30000 when missing'),
      flags: may('count', 'flags'),
      fd: may(['sev', 'bad'], 'sev_fd'),
    },
  },
  'launch-update': {
    doc: 'KVM_SEV_SNP_LAUNCH_UPDATE',
    params: {
      gfn: need('count', 'first guest frame'),
      n: may('count', '4K pages; 1 when missing'),
      len: may('u64', 'length in bytes, instead of n'),
      type: need(['normal', 'vmsa', 'zero', 'unmeasured', 'secrets', 'cpuid'], 'page type'),
      uaddr: may('u64', 'source buffer; one of its own when missing'),
      content: may('u64', 'first eight bytes of every source page'),
      flags: may('count', 'flags'),
      fd: may(['sev', 'bad'], 'sev_fd'),
    },
  },
  'launch-finish': {
    doc: 'KVM_SEV_SNP_LAUNCH_FINISH',
    params: {
      flags: may('count', 'flags'),
      'id-block': may('flag', 'pass an ID block'),
      fd: may(['sev', 'bad'], 'sev_fd'),
    },
  },
  'assume-es-launch': {
    doc: 'takes the whole launch of an SEV-ES guest as done, whose commands the model does not have',
    params: {},
  },
  'set-attributes': {
    doc: 'KVM_SET_MEMORY_ATTRIBUTES',
    params: {
      gfn: need('count', 'first guest frame'),
      n: need('count', '4K pages'),
      private: need('flag', 'KVM_MEMORY_ATTRIBUTE_PRIVATE'),
    },
  },
  'punch-hole': {
    doc: 'fallocate(PUNCH_HOLE) on guest_memfd',
    params: { gfn: need('count', 'first guest frame'), n: need('count', '4K pages') },
  },
  'close-gmem': { doc: 'close the last file of guest_memfd', params: {} },
  'pre-fault': {
    doc: 'KVM_PRE_FAULT_MEMORY',
    params: { gfn: need('count', 'first guest frame'), n: need('count', '4K pages') },
  },
  'set-mp-state': { doc: 'KVM_SET_MP_STATE', params: { vcpu, state: need(mpStates, 'mp_state') } },
  'get-mp-state': { doc: 'KVM_GET_MP_STATE', params: { vcpu } },
  run: { doc: 'KVM_RUN', params: { vcpu, 'immediate-exit': may('flag', 'set kvm_run.immediate_exit') } },
  answer: {
    doc: 'write an answer into kvm_run',
    params: {
      vcpu: may('count', 'vCPU id; the one that waits when missing'),
      ret: may('u64', 'hypercall.ret, or ret of a certificate exit'),
      pages: may('u64', 'pages that the certificates need, with ret ENOSPC (28)'),
      value: may('u64', 'data of a port or MMIO read; every item of a string'),
    },
  },
  handle: { doc: 'the personality handles the exit of a vCPU', params: { vcpu } },
  signal: { doc: 'send a signal to a vCPU thread', params: { vcpu } },
  destroy: { doc: 'close every file of the VM', params: {} },
});

/** What happens inside KVM without anyone's call: a thread goes on. */
export const kvmActs = table({
  wake: { doc: 'the thread of a vCPU that sleeps or was kicked goes on', params: { vcpu } },
});

/** Faults of the host, to come. */
export const injectActs = table({
  firmware: {
    doc: 'a firmware command fails',
    params: {
      command: may('u64', 'command id; any when missing'),
      nth: may('count', '1 when missing'),
      status: need('u64', 'firmware status'),
    },
  },
  rmpupdate: {
    doc: 'an RMPUPDATE fails',
    params: { nth: may('count', '1 when missing'), code: need('count', 'return code') },
  },
  psmash: {
    doc: 'a PSMASH fails',
    params: { nth: may('count', '1 when missing'), code: need('count', 'return code') },
  },
  allocation: {
    doc: 'an allocation fails',
    params: {
      what: need(['request', 'firmware', 'vmsa', 'command', 'gmem', 'blob'], 'what is allocated'),
      nth: may('count', '1 when missing'),
    },
  },
  answer: {
    doc: 'the personality answers an exit with another ret',
    params: { nth: may('count', '1 when missing'), ret: need('u64', 'hypercall.ret') },
  },
});

export const actTables = { guest: guestActs, vmm: vmmActs, kvm: kvmActs, inject: injectActs };
export type Actor = keyof typeof actTables;

type ParameterValue<K> = K extends 'u64'
  ? bigint
  : K extends 'count'
    ? number
    : K extends 'flag'
      ? boolean
      : K extends 'entries'
        ? readonly PscEntryInput[]
        : K extends readonly (infer W)[]
          ? W
          : never;
type Required<P> = { [N in keyof P as P[N] extends Parameter<ParameterKind, true> ? N : never]: P[N] };
type Optional<P> = { [N in keyof P as P[N] extends Parameter<ParameterKind, true> ? never : N]: P[N] };
type KindOf<P> = P extends Parameter<infer K> ? K : never;
export type ActArguments<
  A extends Actor,
  V extends keyof (typeof actTables)[A],
> = (typeof actTables)[A][V] extends {
  params: infer P;
}
  ? { readonly [N in keyof Required<P>]: ParameterValue<KindOf<P[N]>> } & {
      readonly [N in keyof Optional<P>]?: ParameterValue<KindOf<P[N]>>;
    }
  : never;

type ActOf<A extends Actor> = {
  [V in keyof (typeof actTables)[A] & string]: {
    readonly actor: A;
    readonly verb: V;
    readonly args: ActArguments<A, V>;
  } & (A extends 'guest' ? { readonly vcpu: number } : unknown);
}[keyof (typeof actTables)[A] & string];

export type GuestAct = ActOf<'guest'>;
export type VmmAct = ActOf<'vmm'>;
export type KvmAct = ActOf<'kvm'>;
export type InjectAct = ActOf<'inject'>;
/** One input: who does what. */
export type Act = GuestAct | VmmAct | KvmAct | InjectAct;

/** Why an act cannot be taken in this state. */
export interface Refusal {
  readonly says: string;
}

/** What an act did: nothing to say, or why it could not be taken. */
export type Outcome = Refusal | undefined;
export const refused = (says: string): Refusal => ({ says });
