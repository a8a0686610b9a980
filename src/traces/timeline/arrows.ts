/** Between whom each kind of line happens: the arrow that stands for it on the ladder. */
import type { Lane } from '../../engine/moves';
import { own } from '../../base/table';
import { signedIn, numberIn } from '../form';
import { firmwareLogForms } from '../forms/firmware-log';
import { guestLogForms } from '../forms/guest-log';
import { kvmLogForms } from '../forms/kvm-log';
import { kvmTraceForms } from '../forms/kvm-trace';
import type { TraceLine } from '../read';
import type { Fields } from '../template';

export interface LineArrow {
  readonly from: Lane;
  readonly to: Lane;
  /** What was asked is stopped. */
  readonly refused?: boolean;
}

const arrow = (from: Lane, to: Lane): LineArrow => ({ from, to });
const refused = (from: Lane, to: Lane): LineArrow => ({ from, to, refused: true });

const request = arrow('guest', 'kvm');
const stopped = refused('guest', 'kvm');
const exit = arrow('kvm', 'vmm');
const call = arrow('vmm', 'kvm');
const failedCall = refused('vmm', 'kvm');

/** The lower half of SW_EXITINFO1 behind an answer: anything but 0 is an exception or a refusal. */
const answered = (fields: Fields): LineArrow =>
  (numberIn(fields, 'info1') & 0xffff_ffffn) === 0n ? arrow('kvm', 'guest') : refused('kvm', 'guest');

/** `result` of the event: 1 goes back to the guest, anything else leaves KVM_RUN. */
const afterMsr = (fields: Fields): LineArrow =>
  (signedIn(fields, 'result') ?? 1) === 1 ? arrow('kvm', 'guest') : arrow('kvm', 'kvm');

const arrows: Readonly<Record<string, LineArrow | ((fields: Fields) => LineArrow)>> = {
  kvm_vmgexit_enter: request,
  kvm_vmgexit_exit: answered,
  kvm_vmgexit_msr_protocol_enter: request,
  kvm_vmgexit_msr_protocol_exit: afterMsr,
  kvm_exit: request,
  kvm_entry: arrow('kvm', 'guest'),
  kvm_hypercall: request,
  kvm_page_fault: request,
  kvm_rmp_fault: arrow('guest', 'rmp'),
  kvm_inj_exception: arrow('kvm', 'guest'),
  kvm_userspace_exit: exit,
  kvm_run_exit: exit,
  kvm_run_exit_system_event: exit,
  kvm_memory_fault: exit,
  'qemu-exit-reason': exit,
  'qemu-memory-fault-flag': exit,
  'rust-system-event': exit,
  'rust-memory-fault': exit,
  kvm_vm_set_mem_attributes: call,
  kvm_set_user_memory: call,
  kvm_sev_snp_launch_start: call,
  kvm_sev_snp_launch_update: call,
  kvm_sev_snp_launch_finish: call,
  'qemu-launch': failedCall,
  'qemu-attributes-failed': failedCall,
  'qemu-run-failed': failedCall,
  'qemu-entry-failed': failedCall,
  'sev-command': refused('kvm', 'firmware'),
  'sev-timeout': refused('kvm', 'firmware'),
  'snp-context': refused('kvm', 'firmware'),
  'termination-msr': request,
  'termination-nae': request,
  'unsupported-event': request,
  'ghcb-dump': request,
  'rmp-entry': arrow('kvm', 'rmp'),
  'rmpupdate-failed': refused('kvm', 'rmp'),
  'rmp-entry-update': refused('kvm', 'rmp'),
  'ap-creation-error': refused('kvm', 'guest'),
  'psc-failed': refused('kvm', 'guest'),
  'asp-request': refused('kvm', 'guest'),
};

/** KVM prints of each of these why it refuses a request. */
const REFUSALS =
  /^(?:ghcb-(?:not|usage)|exit-code-|ap-(?:id|request|vmsa|features|injection)$|scratch-area|jump-table)/;

/** Who prints the lines that have no arrow of their own. */
const printers: readonly (readonly [forms: readonly { readonly id: string }[], lane: Lane])[] = [
  [kvmTraceForms, 'kvm'],
  [kvmLogForms, 'kvm'],
  [guestLogForms, 'guest'],
  [firmwareLogForms, 'firmware'],
];

function inItsLane(id: string): LineArrow {
  const [, lane = 'vmm'] = printers.find(([forms]) => forms.some((form) => form.id === id)) ?? [];
  return arrow(lane, lane);
}

/** The arrow of a placed line. A line of no arrow stands in the lane of who prints it. */
export function arrowOfLine({ form, fields = {} }: TraceLine): LineArrow {
  const id = form?.id ?? '';
  const declared = own(arrows, id);
  if (declared) return typeof declared === 'function' ? declared(fields) : declared;
  return REFUSALS.test(id) ? stopped : inItsLane(id);
}
