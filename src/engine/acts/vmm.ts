/** What userspace does: ioctls, and answers to exits. */
import { x86MpStates, type MpStateName } from '../../abi/mp-state';
import { threadNames } from '../state/thread';
import { may, need, table, type ActKind } from './parameter';

const settableStates = [
  ...x86MpStates,
  'CHECK_STOP',
  'OPERATING',
  'LOAD',
  'SUSPENDED',
] as const satisfies readonly MpStateName[];
const vcpu = need('count', 'vCPU id');

/** The verbs of the VMM, without the thread. */
const acts = table({
  'create-vm': {
    doc: 'KVM_CREATE_VM',
    params: {
      type: may(['snp', 'seves', 'sev', 'sw-protected', 'default'], 'snp when missing'),
      apic: may(['kernel', 'userspace'], 'kernel when missing'),
    },
  },
  memslot: {
    doc: 'KVM_SET_USER_MEMORY_REGION2',
    params: {
      gfn: need('count', 'first guest frame'),
      n: need('count', '4K pages; 0 deletes the slot'),
      backing: may(['guest-memfd', 'none', 'closed'], 'guest-memfd when missing'),
      gmem: may('count', 'first page in guest_memfd; the next free one when missing'),
      flag: may(['none', 'dirty-log', 'readonly'], 'one more flag of the slot; none when missing'),
      fd: may(['own', 'bad', 'foreign'], "the guest_memfd; 'foreign' is any file but one of this VM"),
      skew: may('u64', 'bytes to add to the offset in guest_memfd'),
      registered: may('flag', 'its memory is registered for encryption, as QEMU does; yes when missing'),
      'large-pages': may('flag', 'userspace backs it with 2 MiB pages'),
      slot: may('count', 'number of the slot, to change, move or delete one; the next free one when missing'),
      file: may('count', 'which guest_memfd, in the order in which they were made; 0 when missing'),
      'user-gfn': may('count', 'the usual frame of its user memory; that of gfn when missing'),
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
  'create-vcpu': {
    doc: 'KVM_CREATE_VCPU, ids in order',
    params: { half: may('flag', 'the call is still in progress; the next create-vcpu completes it') },
  },
  'set-cpuid': {
    doc: "KVM_SET_CPUID2 with one more leaf, or another one; a personality sets those with the C-bit's place itself",
    params: {
      leaf: need('count', 'EAX in'),
      subleaf: may('count', 'ECX in; 0 when missing'),
      eax: may('count', '0 when missing'),
      ebx: may('count', '0 when missing'),
      ecx: may('count', '0 when missing'),
      edx: may('count', '0 when missing'),
    },
  },
  'close-vcpu': { doc: 'close the file of a vCPU, which lives as long as its VM', params: { vcpu } },
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
      uaddr: may('u64', 'source buffer; a separate one when missing'),
      content: may('u64', 'first eight bytes of every source page'),
      'wrong-leaf': may(
        'count',
        'the page is a CPUID table of one leaf, of which the firmware refuses a register',
      ),
      'wrong-register': may(['eax', 'ebx', 'ecx', 'edx'], 'that register; eax when missing'),
      flags: may('count', 'flags'),
      fd: may(['sev', 'bad'], 'sev_fd'),
    },
  },
  'launch-finish': {
    doc: 'KVM_SEV_SNP_LAUNCH_FINISH',
    params: {
      flags: may('count', 'flags'),
      'id-block': may(
        ['no', 'yes', 'bad-digest', 'bad-policy', 'bad-algorithm', 'bad-signature'],
        'pass an ID block, and what the firmware finds wrong with it; no when missing',
      ),
      author: may(['no', 'yes', 'bad-signature'], 'pass an author key with the ID block; no when missing'),
      vcek: may('flag', 'no: the guest may not use the VCEK'),
      'id-block-uaddr': may('u64', 'user address of the ID block; a readable one when missing'),
      'id-auth-uaddr': may('u64', 'user address of its authentication; a readable one when missing'),
      fd: may(['sev', 'bad'], 'sev_fd'),
    },
  },
  'assume-es-launch': {
    doc: 'marks the launch of an SEV-ES guest, whose commands are not modelled, as done',
    params: {},
  },
  'set-attributes': {
    doc: 'KVM_SET_MEMORY_ATTRIBUTES',
    params: {
      gfn: need('count', 'first guest frame'),
      n: need('count', '4K pages'),
      private: need('flag', 'KVM_MEMORY_ATTRIBUTE_PRIVATE'),
      attributes: may('u64', 'all attributes as a word, instead of private'),
      flags: may('u64', 'flags'),
      len: may('u64', 'size in bytes, instead of n'),
      skew: may('u64', 'bytes to add to the address'),
    },
  },
  'register-region': {
    doc: 'KVM_MEMORY_ENCRYPT_REG_REGION of memory that no slot registered',
    params: {
      gfn: may('count', 'first guest frame'),
      n: may('count', '4K pages; 1 when missing'),
      uaddr: may('u64', 'user address, instead of gfn'),
    },
  },
  'create-gmem': {
    doc: 'KVM_CREATE_GUEST_MEMFD: one more file, counted from 1; number 0 is there for slots that name none',
    params: {
      flags: may('u64', '1 MMAP, 2 INIT_SHARED; 0 when missing'),
      size: may('u64', 'bytes; one page when missing'),
    },
  },
  'device-attribute': {
    doc: 'KVM_GET_DEVICE_ATTR of group KVM_X86_GRP_SEV',
    params: {
      attribute: need(['vmsa-features', 'snp-policy-bits', 'snp-req-certs'], 'attribute'),
    },
  },
  'punch-hole': {
    doc: 'fallocate on guest_memfd; punches a hole when the mode is missing',
    params: {
      gfn: need('count', 'first guest frame; with a file, its first page'),
      n: need('count', '4K pages'),
      mode: may('u64', '1 KEEP_SIZE, 2 PUNCH_HOLE; 3 when missing'),
      len: may('u64', 'length in bytes, instead of n'),
      skew: may('u64', 'bytes to add to the offset'),
      file: may('count', 'which guest_memfd; the one behind the frame when missing'),
    },
  },
  'close-gmem': {
    doc: 'close the last descriptor of a guest_memfd',
    params: { file: may('count', 'which; 0 when missing') },
  },
  'user-memory': {
    doc: 'mprotect or munmap of the memory that the VMM maps for shared accesses, or damage to it',
    params: {
      gfn: need('count', 'first guest frame'),
      n: need('count', '4K pages'),
      access: need(['rw', 'r', 'none', 'poisoned'], 'what a look-up by KVM finds'),
    },
  },
  'pre-fault': {
    doc: 'KVM_PRE_FAULT_MEMORY',
    params: {
      gfn: need('count', 'first guest frame'),
      n: need('count', '4K pages'),
      vcpu: may('count', 'the vCPU whose ioctl it is; one that is out of KVM_RUN when missing'),
    },
  },
  'vcpu-state': {
    doc: 'reads or writes registers of a vCPU; their content is not modelled',
    params: {
      vcpu,
      what: need(
        ['regs', 'sregs', 'sregs2', 'debugregs', 'xcrs', 'fpu', 'xsave', 'guest-debug'],
        'which ioctl',
      ),
      op: need(['get', 'set'], 'direction'),
    },
  },
  'sev-command': {
    doc: 'KVM_MEMORY_ENCRYPT_OP with a command without a separate act; its argument is not modelled',
    params: { id: need('count', 'command id') },
  },
  'set-mp-state': { doc: 'KVM_SET_MP_STATE', params: { vcpu, state: need(settableStates, 'mp_state') } },
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
  'give-up': { doc: 'the VMM ends because a call of its launch failed', params: {} },
  signal: { doc: 'send a signal to a vCPU thread', params: { vcpu } },
  destroy: {
    doc: 'close every file of the VM, which lives until the last call returns',
    params: { gmem: may(['closed', 'open'], 'open: not those of guest_memfd, which hold the VM') },
  },
  kill: { doc: 'SIGKILL to the VMM: its threads end, and its files are closed', params: {} },
});

/** What no thread of the VMM calls, or always the thread of the vCPU. */
const threadless = ['assume-es-launch', 'answer', 'handle', 'give-up', 'signal', 'destroy', 'kill'] as const;
const thread = {
  thread: may(threadNames, "calling thread; when missing the vCPU's own for its ioctls, else main"),
};
type OnThread<T extends Readonly<Record<string, ActKind>>> = {
  readonly [V in keyof T]: V extends (typeof threadless)[number]
    ? T[V]
    : { readonly doc: string; readonly params: T[V]['params'] & typeof thread };
};

function onThread<T extends Readonly<Record<string, ActKind>>>(table: T): OnThread<T> {
  const rows = Object.entries(table).map(([verb, { doc, params }]) => {
    const has = !(threadless as readonly string[]).includes(verb);
    return [verb, { doc, params: has ? { ...params, ...thread } : params }];
  });
  // `fromEntries` knows no names; each row got what its type says.
  return Object.fromEntries(rows) as OnThread<T>;
}

/** The verbs of the VMM. */
export const vmmActs = onThread(acts);
