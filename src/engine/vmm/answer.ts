/** What a VMM writes into kvm_run at an exit: bytes that KVM reads at the next KVM_RUN. */
import {
  kvmRun,
  kvmRunHypercall,
  kvmRunMmio,
  kvmRunSnpReqCerts,
  kvmRunVmgexitPsc,
  kvmRunVmgexitPscMsr,
  kvmRunVmgexitRaw,
  KVM_EXIT_HYPERCALL,
  KVM_EXIT_IO,
  KVM_EXIT_MMIO,
  KVM_EXIT_SNP_REQ_CERTS,
  KVM_EXIT_VMGEXIT,
  KVM_EXIT_VMGEXIT_RAW,
  KVM_USER_VMGEXIT_PSC,
} from '../../abi/kvm-run';
import { refused, type ActArguments, type Outcome } from '../acts';
import { kvmRunOf } from '../kvm/exit';
import { writePortData } from '../kvm/vmgexit/io';
import type { Image } from '../memory/image';
import type { World } from '../world';

const MMIO_DATA = kvmRunMmio.offsetOf('data');
type Answer = ActArguments<'vmm', 'answer'>;

/** Whether the exit has the fields that the answer fills. */
function misfit(reason: number, { ret, pages }: Answer): Outcome {
  if (ret !== undefined && !(reason in retWriters)) {
    return refused('only a hypercall, certificate or VMGEXIT exit takes ret');
  }
  const takesPages = reason === KVM_EXIT_SNP_REQ_CERTS;
  return pages !== undefined && !takesPages ? refused('only a certificate exit takes pages') : undefined;
}

/** Where `ret` goes, by exit. */
const retWriters: Readonly<Record<number, (run: Image, ret: bigint) => void>> = {
  [KVM_EXIT_HYPERCALL]: (run, ret) => kvmRunHypercall.set(run, 'ret', ret),
  [KVM_EXIT_SNP_REQ_CERTS]: (run, ret) => kvmRunSnpReqCerts.set(run, 'ret', ret),
  [KVM_EXIT_VMGEXIT_RAW]: (run, ret) => kvmRunVmgexitRaw.set(run, 'ret', ret),
  [KVM_EXIT_VMGEXIT]: (run, ret) => {
    const type = kvmRunVmgexitPsc.get(run, 'type');
    if (type === KVM_USER_VMGEXIT_PSC) kvmRunVmgexitPsc.set(run, 'ret', ret);
    else kvmRunVmgexitPscMsr.set(run, 'ret', Number(BigInt.asUintN(32, ret)));
  },
};

export function answer(world: World, args: Answer): Outcome {
  const index = args.vcpu ?? world.vcpus.findIndex((vcpu) => vcpu.exists && vcpu.exitPending);
  const vcpu = world.vcpus[index];
  if (!vcpu || vcpu.run !== 'inUserspace') return refused('no vCPU waits for an answer');
  const run = kvmRunOf(world, vcpu);
  const reason = kvmRun.get(run, 'exitReason');
  const impossible = misfit(reason, args);
  if (impossible) return impossible;
  if (args.ret !== undefined) retWriters[reason]?.(run, args.ret);
  if (args.pages !== undefined) kvmRunSnpReqCerts.set(run, 'npages', args.pages);
  if (args.value !== undefined && reason === KVM_EXIT_MMIO) run.setU64(MMIO_DATA, args.value);
  if (args.value !== undefined && reason === KVM_EXIT_VMGEXIT_RAW) {
    kvmRunVmgexitRaw.set(run, 'ghcbMsr', args.value);
  }
  if (args.value !== undefined && reason === KVM_EXIT_IO) writePortData(world, vcpu, args.value);
  vcpu.exitPending = false;
  world.move('vmmAnswer', index, {
    what: args.ret === undefined ? 'data' : 'ret',
    value: args.ret ?? args.value ?? 0n,
  });
  return undefined;
}
