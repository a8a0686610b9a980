/** What QEMU prints: its trace events, and its last words. QEMU 10.0.13 and 10.2.2 word them alike. */
import { pagesToBytes } from '../../abi/address';
import { errno } from '../../abi/errno';
import {
  kvmRun,
  kvmRunFailEntry,
  kvmRunHypercall,
  kvmRunMemoryFault,
  KVM_EXIT_FAIL_ENTRY,
  KVM_EXIT_HYPERCALL,
  KVM_EXIT_MEMORY_FAULT,
  KVM_HC_MAP_GPA_RANGE,
} from '../../abi/kvm-run';
import type { Image } from '../../engine/memory/image';
import type { World } from '../../engine/world';
import { strerror } from '../strerror';
import { template } from '../template';
import { lineOf, moveNumber, type PrintedLine, type Printer, type Printers } from './printed';

const isQemu = (world: World): boolean => /^qemu/.test(world.vm.personality);

/** A printer of QEMU; other VMMs print nothing that is known. */
const qemu =
  (print: Printer): Printer =>
  (at) =>
    isQemu(at.after()) ? print(at) : [];

/** `Cpuid`, as QEMU writes the type of a page. */
const titled = (word: string): string => word.charAt(0) + word.slice(1).toLowerCase();

const startDetail = template('policy 0x{policy:x}');
const updateDetail = template('{type:w} gfn 0x{gfn:x} len 0x{length:x} from 0x{src:x}');
const nothing = '(null)';

/** The trace event before a launch call. */
const launchCall = qemu(({ move }) => {
  const detail = String(move.args['detail']);
  switch (move.args['call']) {
    case 'KVM_SEV_SNP_LAUNCH_START': {
      const read = startDetail.read(detail);
      return read && 'fields' in read ? [lineOf('qemu-trace', 'kvm_sev_snp_launch_start', read.fields)] : [];
    }
    case 'KVM_SEV_SNP_LAUNCH_UPDATE': {
      const read = updateDetail.read(detail);
      if (!read || !('fields' in read)) return [];
      const { type, gfn, length, src } = read.fields;
      const gpa = pagesToBytes(Number(gfn));
      return [
        lineOf('qemu-trace', 'kvm_sev_snp_launch_update', { src, gpa, length, type: titled(String(type)) }),
      ];
    }
    case 'KVM_SEV_SNP_LAUNCH_FINISH':
      return [
        lineOf('qemu-trace', 'kvm_sev_snp_launch_finish', { block: nothing, auth: nothing, data: nothing }),
      ];
    default:
      return [];
  }
});

/** The number of `-EIO`. */
function returned(text: string): bigint {
  const name = text.replace(/^-/, '');
  const number = Object.entries(errno).find(([known]) => known === name)?.[1];
  return number === undefined ? BigInt(/^-?\d+$/.test(text) ? text : 0) : BigInt(-number);
}

/** QEMU's error about a launch call; a status that KVM did not write is the 0 that QEMU put there. */
const launchResult = qemu(({ move }) => {
  const call = /^KVM_SEV_(SNP_LAUNCH_\w+)$/.exec(String(move.args['call']))?.[1];
  const ret = returned(String(move.args['ret']));
  if (call === undefined || ret === 0n) return [];
  const error = /^0x([0-9a-f]+)$/.exec(String(move.args['error']))?.[1];
  const status = error === undefined ? 0n : BigInt.asIntN(32, BigInt(`0x${error}`));
  return [lineOf('qemu', 'qemu-launch', { call, ret, status, text: '' })];
});

/** QEMU reads the exit of a vCPU. */
const readsExit = qemu(({ move, after }) => {
  const run = after().kvmRun[move.vcpu];
  const failed = after().vcpu(move.vcpu).runErrno;
  if (!run) return [];
  const reason = kvmRun.get(run, 'exitReason');
  if (failed !== 0 && !(failed === errno.EFAULT && reason === KVM_EXIT_MEMORY_FAULT)) return [];
  return [
    lineOf('qemu-trace', 'kvm_run_exit', { vcpu: BigInt(move.vcpu), reason: BigInt(reason) }),
    ...exitDetail(run, reason),
  ];
});

function exitDetail(run: Image, reason: number): PrintedLine[] {
  if (reason === KVM_EXIT_MEMORY_FAULT)
    return [
      lineOf('qemu-trace', 'kvm_memory_fault', {
        gpa: kvmRunMemoryFault.get(run, 'gpa'),
        size: kvmRunMemoryFault.get(run, 'size'),
        flags: kvmRunMemoryFault.get(run, 'flags'),
      }),
    ];
  if (reason !== KVM_EXIT_HYPERCALL || kvmRunHypercall.get(run, 'nr') !== BigInt(KVM_HC_MAP_GPA_RANGE))
    return [];
  return [
    lineOf('qemu-trace', 'kvm_hc_map_gpa_range', {
      gpa: kvmRunHypercall.item(run, 'args', 0),
      size: pagesToBytes(Number(kvmRunHypercall.item(run, 'args', 1))),
      attributes: kvmRunHypercall.item(run, 'args', 2),
      flags: kvmRunHypercall.get(run, 'flags'),
    }),
  ];
}

/** QEMU's last words about a vCPU. */
const stops = qemu(({ move, after }) => {
  const run = move.vcpu < 0 ? undefined : after().kvmRun[move.vcpu];
  if (!run) return [];
  const failed = after().vcpu(move.vcpu).runErrno;
  const reason = kvmRun.get(run, 'exitReason');
  if (failed !== 0 && !(failed === errno.EFAULT && reason === KVM_EXIT_MEMORY_FAULT))
    return [lineOf('qemu', 'qemu-run-failed', { error: strerror(failed) })];
  if (reason === KVM_EXIT_FAIL_ENTRY)
    return [
      lineOf('qemu', 'qemu-entry-failed', { reason: kvmRunFailEntry.get(run, 'hardwareEntryFailureReason') }),
    ];
  return /^KVM: unknown exit reason/.test(String(move.args['why']))
    ? [lineOf('qemu', 'qemu-exit-reason', { reason: BigInt(reason) })]
    : [];
});

export const vmmPrinters: Printers = {
  ioctl: launchCall,
  ioctlReturns: launchResult,
  vmmReads: readsExit,
  vmmConverts: qemu(({ move }) => [
    lineOf('qemu-trace', 'kvm_convert_memory', {
      gpa: moveNumber(move, 'gpa'),
      size: pagesToBytes(Number(moveNumber(move, 'pages'))),
      direction: move.args['state'] === 'private' ? 'shared_to_private' : 'private_to_shared',
    }),
  ]),
  vmmStops: stops,
};
