/** What a VMM writes into kvm_run at an exit: bytes that KVM reads at the next KVM_RUN. */
import {
  kvmRun,
  kvmRunHypercall,
  kvmRunMmio,
  kvmRunSnpReqCerts,
  KVM_EXIT_HYPERCALL,
  KVM_EXIT_IO,
  KVM_EXIT_MMIO,
  KVM_EXIT_SNP_REQ_CERTS,
} from '../../abi/kvm-run';
import { refused, type ActArguments, type Outcome } from '../acts';
import { kvmRunOf } from '../kvm/exit';
import { writePortData } from '../kvm/io';
import type { Image } from '../memory/image';
import type { World } from '../world';

const MMIO_DATA = kvmRunMmio.offsetOf('data');
type Answer = ActArguments<'vmm', 'answer'>;

/** Whether the exit has the fields that the answer fills. */
function misfit(reason: number, { ret, pages }: Answer): Outcome {
  const takesRet = reason === KVM_EXIT_HYPERCALL || reason === KVM_EXIT_SNP_REQ_CERTS;
  if (ret !== undefined && !takesRet) return refused('only a hypercall or certificate exit takes ret');
  const takesPages = reason === KVM_EXIT_SNP_REQ_CERTS;
  return pages !== undefined && !takesPages ? refused('only a certificate exit takes pages') : undefined;
}

function writeRet(run: Image, reason: number, { ret, pages }: Answer): void {
  const certificates = reason === KVM_EXIT_SNP_REQ_CERTS;
  if (ret !== undefined && certificates) kvmRunSnpReqCerts.set(run, 'ret', ret);
  if (ret !== undefined && !certificates) kvmRunHypercall.set(run, 'ret', ret);
  if (pages !== undefined) kvmRunSnpReqCerts.set(run, 'npages', pages);
}

export function answer(world: World, args: Answer): Outcome {
  const index = args.vcpu ?? world.vcpus.findIndex((vcpu) => vcpu.exists && vcpu.exitPending);
  const vcpu = world.vcpus[index];
  if (!vcpu || vcpu.run !== 'inUserspace') return refused('no vCPU waits for an answer');
  const run = kvmRunOf(world, vcpu);
  const reason = kvmRun.get(run, 'exitReason');
  const impossible = misfit(reason, args);
  if (impossible) return impossible;
  writeRet(run, reason, args);
  if (args.value !== undefined && reason === KVM_EXIT_MMIO) run.setU64(MMIO_DATA, args.value);
  if (args.value !== undefined && reason === KVM_EXIT_IO) writePortData(world, vcpu, args.value);
  vcpu.exitPending = false;
  world.move('vmmAnswer', index, {
    what: args.ret === undefined ? 'data' : 'ret',
    value: args.ret ?? args.value ?? 0n,
  });
  return undefined;
}
