/** The VMM's answer to an exit: bytes in kvm_run that KVM reads at the next KVM_RUN. */
import { kvmRun, payloadIn, type ExitAnswer, type ExitPayload } from '../../abi/kvm-run';
import { assert } from '../../base/assert';
import { refused, type ActArguments, type Outcome } from '../acts';
import { exitOfReason, kvmRunOf } from '../kvm/exit';
import { writePortData } from '../kvm/vmgexit/io';
import type { Image } from '../memory/image';
import type { World } from '../world';

type Answer = ActArguments<'vmm', 'answer'>;

/** Whether the exit has the fields that the answer fills. */
function misfit(takes: ExitAnswer, { ret, pages }: Answer): Outcome {
  if (ret !== undefined && takes.ret === undefined) {
    return refused('only a hypercall, certificate or VMGEXIT exit takes ret');
  }
  return pages !== undefined && takes.pages === undefined
    ? refused('only a certificate exit takes pages')
    : undefined;
}

/** Writes one field of an answer, cut to the size of the field as a C assignment cuts it. */
function writeField(run: Image, { member }: ExitPayload, name: string | undefined, value: bigint): void {
  const field = name === undefined ? undefined : member.fields[name];
  if (!field) return;
  const bytes = field.size * (field.array ?? 1);
  if (bytes === 8) run.setU64(field.at, BigInt.asUintN(64, value));
  else if (bytes === 4) run.setU32(field.at, Number(BigInt.asUintN(32, value)));
  else assert(false, `${member.title}: ${name} is no field for an answer`);
}

export function answer(world: World, args: Answer): Outcome {
  const index = args.vcpu ?? world.vcpus.findIndex((vcpu) => vcpu.exists && vcpu.exitPending);
  const vcpu = world.vcpus[index];
  if (!vcpu || vcpu.run !== 'inUserspace') return refused('no vCPU waits for an answer');
  const run = kvmRunOf(world, vcpu);
  const exit = exitOfReason(world, kvmRun.get(run, 'exitReason'));
  const payload = payloadIn(exit, run);
  const impossible = misfit(payload?.answer ?? {}, args);
  if (impossible) return impossible;
  for (const what of ['ret', 'pages', 'value'] as const) {
    const value = args[what];
    if (payload && value !== undefined) writeField(run, payload, payload.answer[what], BigInt(value));
  }
  // The data of a port access lies behind kvm_run, not in the union.
  if (args.value !== undefined && exit?.name === 'KVM_EXIT_IO') writePortData(world, vcpu, args.value);
  vcpu.exitPending = false;
  world.move('vmmAnswer', index, {
    what: args.ret === undefined ? 'data' : 'ret',
    value: args.ret ?? args.value ?? 0n,
  });
  return undefined;
}
