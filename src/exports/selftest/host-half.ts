/**
 * What userspace does for one vCPU, as C: each return of KVM_RUN with checks of what it carries, the answer that the VMM of
 * the run gave, and its ioctls between them. What the selftest library has no helper for is named in comments.
 */
import { gfnToGpa } from '../../abi/address';
import {
  KVM_EXIT_HYPERCALL,
  KVM_EXIT_IO,
  KVM_EXIT_MEMORY_FAULT,
  KVM_EXIT_MMIO,
  KVM_EXIT_SYSTEM_EVENT,
  KVM_EXIT_X86_RDMSR,
  KVM_EXIT_X86_WRMSR,
  KVM_HC_MAP_GPA_RANGE,
  kvmExitReasons,
  kvmRunHypercall,
} from '../../abi/kvm-run';
import { bytesView } from '../../base/bytes';
import { hex } from '../../base/hex';
import { memberOf, timelineExits, type ExitRecord } from '../../drawings/exit-records';
import type { Act, VmmAct } from '../../engine/acts';
import type { PerformedAct, Timeline } from '../../recording/timeline/timeline';
import { lineText } from '../../scenarios/print';
import type { Run } from '../../scenarios/run';
import { actLine } from '../../scenarios/scenario';
import { comment, functionText, u64 } from './c-text';

/** Fields of an exit that are compared: by the name in the model, the name in C. Guest addresses are the selftest's own. */
const compared: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  [KVM_EXIT_HYPERCALL]: {
    nr: 'hypercall.nr',
    'args[1]': 'hypercall.args[1]',
    'args[2]': 'hypercall.args[2]',
  },
  [KVM_EXIT_SYSTEM_EVENT]: {
    type: 'system_event.type',
    ndata: 'system_event.ndata',
    'data[0]': 'system_event.data[0]',
  },
  [KVM_EXIT_IO]: { direction: 'io.direction', size: 'io.size', port: 'io.port', count: 'io.count' },
  [KVM_EXIT_MMIO]: { len: 'mmio.len', isWrite: 'mmio.is_write' },
  [KVM_EXIT_X86_RDMSR]: { index: 'msr.index' },
  [KVM_EXIT_X86_WRMSR]: { index: 'msr.index', data: 'msr.data' },
  [KVM_EXIT_MEMORY_FAULT]: { flags: 'memory_fault.flags', size: 'memory_fault.size' },
};

/** Acts of userspace before the first act of a guest: {@link launchLines} tells them. */
export const firstGuestStep = (timeline: Timeline): number =>
  timeline.acts.find(({ act }) => act.actor === 'guest')?.firstStep ?? timeline.stepCount;

/** What the selftest library does by itself when it makes and launches a VM. */
const ofLaunch: readonly Act['verb'][] = [
  'create-vm',
  'memslot',
  'hypercall-exits',
  'init2',
  'create-vcpu',
  'launch-start',
  'launch-update',
  'launch-finish',
];

/** Acts of the scenario before any guest acts; `launch standard` is what the library does. */
export function launchLines({ timeline, scenario, lines }: Run<Timeline>): string[] {
  const end = firstGuestStep(timeline);
  return scenario.lines.flatMap((line, at) => {
    const { firstAct = 0, endAct = 0 } = lines[at] ?? {};
    const acts = timeline.acts.slice(firstAct, endAct);
    if (line.kind === 'launch') return [comment('launch standard: vm_sev_launch()')];
    return acts.flatMap((performed) => {
      if (performed.firstStep >= end || !isWritten(performed)) return [];
      if (!ofLaunch.includes(performed.act.verb)) return ioctlLines(performed);
      return [comment(`in vm_sev_launch() or before it: ${lineText(actLine(performed.act))}`)];
    });
  });
}

/** @param isDone whether its guest says that it is done */
export function hostHalf(timeline: Timeline, vcpu: number, isDone: boolean): string[] {
  const exits = [...timelineExits(timeline)].filter((exit) => exit.vcpu === vcpu);
  const acts = timeline.acts.filter(
    (performed) =>
      isWritten(performed) &&
      performed.firstStep >= firstGuestStep(timeline) &&
      vcpuOf(performed.act) === vcpu,
  );
  const items = [
    ...exits.map((exit) => ({ step: exit.step, lines: exitLines(timeline, exit) })),
    ...acts.map((performed) => ({ step: performed.firstStep, lines: ioctlLines(performed) })),
  ].sort((a, b) => a.step - b.step);
  const last = isDone ? ['expect_done(vcpu);'] : [];
  const idle = items.length === 0 && !isDone ? ['vcpu_run(vcpu); /* does not return */'] : [];
  return functionText(`static void host_v${vcpu}(struct kvm_vcpu *vcpu)`, [
    'struct kvm_run *run = vcpu->run;',
    '',
    '(void)run;',
    ...items.flatMap(({ lines }) => lines),
    ...last,
    ...idle,
  ]);
}

/** Acts that a person wrote and that are neither of a guest nor the running of a vCPU. */
const isWritten = ({ act, origin }: PerformedAct): boolean =>
  origin === 'scenario' && act.actor !== 'guest' && !['run', 'handle', 'answer', 'wake'].includes(act.verb);

/** The vCPU that an act of userspace is about; v0 where it is about the VM. */
function vcpuOf({ args }: Act): number {
  return 'vcpu' in args && typeof args.vcpu === 'number' ? args.vcpu : 0;
}

function exitLines(timeline: Timeline, exit: ExitRecord): string[] {
  const { step, reason, name, result } = exit;
  const told = comment(`step ${step + 1}: ${name}`);
  const code = kvmExitReasons[reason] === name ? name : String(reason);
  const errno = result.replace(/^-/, '');
  const ran = result === '0' ? `expect_exit(vcpu, ${code});` : `expect_errno(vcpu, ${errno}, ${code});`;
  return [told, ran, ...checks(exit), ...answer(timeline, exit), ''];
}

function checks(exit: ExitRecord): string[] {
  const fields = exit.name === kvmExitReasons[exit.reason] ? (compared[exit.reason] ?? {}) : {};
  const rows = memberOf(exit)?.explain(bytesView(exit.bytes)) ?? [];
  return rows.flatMap(({ name, value, text }) => {
    const field = fields[name];
    if (field === undefined) return [];
    const named = /\((\w+)\)/.exec(text)?.[1];
    return [
      `TEST_ASSERT_EQ(run->${field}, ${u64(value)});${named === undefined ? '' : ` ${comment(named)}`}`,
    ];
  });
}

/** The answer that stands in kvm_run when KVM runs the vCPU again, and the conversion that goes with it. */
function answer(timeline: Timeline, { step, vcpu, reason, bytes }: ExitRecord): string[] {
  if (reason !== KVM_EXIT_HYPERCALL) return [];
  const isConversion = kvmRunHypercall.get(bytesView(bytes), 'nr') === BigInt(KVM_HC_MAP_GPA_RANGE);
  const again = nextRun(timeline, step, vcpu);
  if (again === undefined) return [comment('the run ends before KVM_RUN is called again')];
  const view = timeline.at(again).world.kvmRun[vcpu];
  const ret = view ? kvmRunHypercall.get(view, 'ret') : 0n;
  const converts = isConversion && ret === 0n ? ['convert(vm, run);'] : [];
  return [...converts, `run->hypercall.ret = ${u64(ret)};`];
}

/** The step in which KVM_RUN is called again. */
function nextRun(timeline: Timeline, after: number, vcpu: number): number | undefined {
  for (let step = after + 1; step < timeline.stepCount; step++) {
    const { transitions } = timeline.step(step);
    if (
      transitions.some(
        ({ chart, instance, event }) => chart === 'vcpu' && instance === vcpu && event.type === 'KVM_RUN',
      )
    )
      return step;
  }
  return undefined;
}

/** An ioctl for which the selftest library has a helper, or a comment. */
function ioctlLines({ act, firstStep, refused }: PerformedAct): string[] {
  const text = lineText(actLine(act));
  if (refused !== undefined) return [comment(`${text}: not possible: ${refused}`)];
  if (act.actor !== 'vmm') return [comment(`${text}: no selftest can do this`), ''];
  const call = helperCall(act);
  return call === undefined
    ? [comment(`${text}: not in this skeleton`), '']
    : [comment(`step ${firstStep + 1}: ${text}`), call, ''];
}

const range = (gfn: number, n: number): string => `vm, ${u64(gfnToGpa(gfn))}, ${hex(n)}ULL * 4096`;

function helperCall(act: VmmAct): string | undefined {
  switch (act.verb) {
    case 'set-attributes': {
      const { gfn, n, private: isPrivate, attributes, flags, len, skew } = act.args;
      if ([attributes, flags, len, skew].some((odd) => odd !== undefined)) return undefined;
      return `vm_mem_set_${isPrivate ? 'private' : 'shared'}(${range(gfn, n)});`;
    }
    case 'punch-hole': {
      const { gfn, n, mode, len, skew } = act.args;
      if ([mode, len, skew].some((odd) => odd !== undefined)) return undefined;
      return `vm_guest_mem_punch_hole(${range(gfn, n)});`;
    }
    case 'set-mp-state':
      return `vcpu_mp_state_set(vcpus[${act.args.vcpu}], &(struct kvm_mp_state){ .mp_state = KVM_MP_STATE_${act.args.state} });`;
    default:
      return undefined;
  }
}
