/**
 * The skeleton of a KVM selftest in C for the first run: what the guest does and what userspace does, as far as the selftest
 * library goes. It names helpers of that library; no line of it is copied.
 */
import { version } from '../../../package.json';
import type { Resumable } from '../../base/resumable';
import { NO_GPA } from '../../engine/world';
import type { Timeline } from '../../recording/timeline/timeline';
import { printScenario } from '../../scenarios/print';
import type { Run } from '../../scenarios/run';
import { headOf } from '../../scenarios/scenario';
import type { Exported } from '../exported';
import { blockComment, functionText, tabbed } from './c-text';
import { guestHalf } from './guest-half';
import { hostHalf, launchLines } from './host-half';
import { CHECK_SHIFT, DONE } from './stop-codes';

/** The tree whose tools/testing/selftests/kvm has these helpers under these names; include/x86/sev.h and kvm_util.h were read. */
export const SELFTEST_LIBRARY = 'Linux 7.2.13';

export function* selftestText({ runs }: Exported): Resumable<string> {
  const [run] = runs;
  if (!run) return '';
  const { timeline } = run;
  const vcpus = timeline.world.vcpus.flatMap(({ exists }, vcpu) => (exists ? [vcpu] : []));
  const halves: string[] = [];
  for (const vcpu of vcpus) {
    const isDone = comesBack(timeline, vcpu);
    halves.push(...guestHalf(timeline, vcpu, isDone));
    yield;
    halves.push(...hostHalf(timeline, vcpu, isDone));
    yield;
  }
  return [
    '// SPDX-License-Identifier: MIT',
    ...blockComment(introduction(run)),
    ...includes,
    '',
    ...helpers,
    'static struct kvm_vm *vm;',
    `static struct kvm_vcpu *vcpus[${Math.max(1, vcpus.length)}];`,
    '',
    ...halves,
    ...mainText(run, vcpus),
  ].join('\n');
}

/** Whether a vCPU executes the code that it began with at the end of the run: no other VMSA has taken its place. */
function comesBack({ world }: Timeline, vcpu: number): boolean {
  const { run, guestVmsaGpa } = world.vcpu(vcpu);
  return run === 'inGuest' && guestVmsaGpa === NO_GPA;
}

function introduction({ scenario, profile }: Run<Timeline>): string[] {
  const { title } = headOf(scenario);
  return [
    title === '' ? 'A scenario' : title,
    '',
    `Skeleton made by vmgexit ${version} from a run under ${profile.spec}, for the selftest library of ${SELFTEST_LIBRARY}.`,
    'Put it into tools/testing/selftests/kvm/x86. Guest addresses are those of the scenario: give them memory, or change them.',
    'Each vCPU keeps the order of its own acts; vCPUs do not wait for each other.',
    'Acts that this skeleton leaves out stand in comments.',
    '',
    ...printScenario(scenario).trimEnd().split('\n'),
  ];
}

const includes = [
  '#include <errno.h>',
  '#include <pthread.h>',
  '',
  '#include "test_util.h"',
  '#include "kvm_util.h"',
  '#include "processor.h"',
  '#include "sev.h"',
];

/** Functions of our own that the halves call. */
const helpers = [
  `#define GUEST_DONE_REQUEST 0x${DONE.toString(16)}ULL`,
  '',
  ...functionText('static inline void msr_request(u64 value)', [
    'wrmsr(MSR_AMD64_SEV_ES_GHCB, value);',
    'vmgexit();',
  ]),
  ...functionText('static inline void page_request(u64 ghcb_gpa)', ['msr_request(ghcb_gpa);']),
  '/* Asks for termination with a reason code: 0 when all is done, else the number of the check that failed. */',
  ...functionText('static inline void guest_stop(u64 check)', [
    'for (;;)',
    `\tmsr_request(GUEST_DONE_REQUEST | (check << ${CHECK_SHIFT}));`,
  ]),
  ...functionText('static inline void guest_done(void)', ['guest_stop(0);']),
  ...functionText('static inline void check_msr(u64 value, u64 check)', [
    'if (rdmsr(MSR_AMD64_SEV_ES_GHCB) != value)',
    '\tguest_stop(check);',
  ]),
  ...functionText('static inline void check_page(volatile u64 *ghcb, u64 info1, u64 info2, u64 check)', [
    'if (ghcb[0x398 / 8] != info1 || ghcb[0x3a0 / 8] != info2)',
    '\tguest_stop(check);',
  ]),
  ...functionText('static inline void ghcb_clear(volatile u64 *ghcb)', [
    'for (int i = 0; i < 4096 / 8; i++)',
    '\tghcb[i] = 0;',
  ]),
  ...functionText('static inline void expect_exit(struct kvm_vcpu *vcpu, u32 reason)', [
    'vcpu_run(vcpu);',
    'TEST_ASSERT(vcpu->run->exit_reason == reason, "exit %u instead of %u, data[0] 0x%llx",',
    '\t    vcpu->run->exit_reason, reason, (unsigned long long)vcpu->run->system_event.data[0]);',
  ]),
  ...functionText('static inline void expect_errno(struct kvm_vcpu *vcpu, int error, u32 reason)', [
    'int ret = _vcpu_run(vcpu);',
    '',
    'TEST_ASSERT(ret == -1 && errno == error, "KVM_RUN returned %d, errno %d", ret, errno);',
    'TEST_ASSERT_EQ(vcpu->run->exit_reason, reason);',
  ]),
  ...functionText('static inline void expect_done(struct kvm_vcpu *vcpu)', [
    'expect_exit(vcpu, KVM_EXIT_SYSTEM_EVENT);',
    'TEST_ASSERT_EQ(vcpu->run->system_event.type, KVM_SYSTEM_EVENT_SEV_TERM);',
    'TEST_ASSERT_EQ(vcpu->run->system_event.data[0], GUEST_DONE_REQUEST);',
  ]),
  ...functionText('static inline void convert(struct kvm_vm *vm, struct kvm_run *run)', [
    'u64 gpa = run->hypercall.args[0];',
    'u64 size = run->hypercall.args[1] * 4096;',
    '',
    'if (run->hypercall.args[2] & KVM_MAP_GPA_RANGE_ENCRYPTED)',
    '\tvm_mem_set_private(vm, gpa, size);',
    'else',
    '\tvm_mem_set_shared(vm, gpa, size);',
  ]),
];

function mainText(run: Run<Timeline>, vcpus: readonly number[]): string[] {
  const { timeline } = run;
  const isSevEs = timeline.world.vm.type === 'seves';
  const [type, policy] = isSevEs
    ? ['KVM_X86_SEV_ES_VM', 'SEV_POLICY_ES']
    : ['KVM_X86_SNP_VM', 'snp_default_policy()'];
  const count = Math.max(1, vcpus.length);
  const others = vcpus.filter((vcpu) => vcpu > 0);
  const finite = others.filter((vcpu) => returns(timeline, vcpu));
  return [
    ...others.flatMap((vcpu) =>
      functionText(`static void *thread_v${vcpu}(void *unused)`, [
        `host_v${vcpu}(vcpus[${vcpu}]);`,
        'return NULL;',
      ]),
    ),
    'int main(int argc, char *argv[])',
    '{',
    ...tabbed([
      `struct vm_shape shape = { .mode = VM_MODE_DEFAULT, .type = ${type} };`,
      `void *guests[] = { ${vcpus.length === 0 ? 'NULL' : vcpus.map((vcpu) => `guest_v${vcpu}`).join(', ')} };`,
      ...(others.length > 0 ? [`pthread_t threads[${count}];`] : []),
      'gva_t ghcb;',
      '',
      `TEST_REQUIRE(kvm_check_cap(KVM_CAP_VM_TYPES) & BIT(${type}));`,
      '',
      `vm = __vm_create_with_vcpus(shape, ${count}, 0, guests[0], vcpus);`,
      `ghcb = vm_alloc_shared(vm, ${count} * 4096, KVM_UTIL_MIN_VADDR, MEM_REGION_TEST_DATA);`,
      `for (int i = 0; i < ${count}; i++) {`,
      '\tvcpu_arch_set_entry_point(vcpus[i], guests[i]);',
      '\tvcpu_args_set(vcpus[i], 2, ghcb + i * 4096, addr_gva2gpa(vm, ghcb) + i * 4096);',
      '}',
      ...launchLines(run),
      `vm_sev_launch(vm, ${policy}, NULL);`,
      '',
      ...others.map((vcpu) => `pthread_create(&threads[${vcpu}], NULL, thread_v${vcpu}, NULL);`),
      ...(vcpus.includes(0) ? ['host_v0(vcpus[0]);'] : []),
      ...finite.map((vcpu) => `pthread_join(threads[${vcpu}], NULL);`),
      'return 0;',
    ]),
    '}',
    '',
  ];
}

/** Whether userspace gets a vCPU back at its end: one that sleeps in KVM is left there. */
const returns = (timeline: Timeline, vcpu: number): boolean =>
  ['inGuest', 'inUserspace'].includes(timeline.world.vcpu(vcpu).run);
