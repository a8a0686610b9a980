/** A world with a target for AP creation, driven by acts: for unit tests. */
import { gpaToGfn } from '../../abi/address';
import { KVM_INJECT_GP } from '../../abi/error-words';
import { errnoText } from '../../abi/errno';
import { kvmRun } from '../../abi/kvm-run';
import { SVM_VMGEXIT_AP_CREATION } from '../../abi/nae';
import { assert } from '../../base/assert';
import { hex } from '../../base/hex';
import { profileIds, type ProfileId } from '../../profiles/profiles';
import { arrangeRmp } from '../../engine/hardware/rmp';
import { exitOfReason } from '../../engine/kvm/exit';
import { needsWake } from '../../engine/kvm/run/run';
import type { Image } from '../../engine/memory/image';
import { hostPageBits, rmpBits } from '../../engine/memory/page-bits';
import { Run } from './test-run';

export const V1 = 0x121000n;
export const V2 = 0x122000n;
export const BEYOND_MEMSLOTS = 0x7ff001000n;
/** SNP_ACTIVE, which all VMSAs here declare. */
export const FEATURES = 1n;

/** A run in which every thread that can go on does so after each act. */
export class ApRun extends Run {
  readonly findings: string[] = [];
  readonly rules: string[] = [];
  private history: string[] = [];
  private entryFailure = '';
  constructor(spec: string) {
    super(spec, 2);
    const { recorder } = this.world;
    assert(recorder, 'a run listens to its world');
    this.world.recorder = {
      ...recorder,
      finding: (_, text) => void this.findings.push(text),
      move: (kind, vcpu, args, rule) => {
        if (rule) this.rules.push(rule);
        recorder.move(kind, vcpu, args, rule);
      },
    };
  }
  override act(act: Parameters<Run['act']>[0]): this {
    super.act(act);
    this.history.push(...this.steps);
    const failure = this.steps.find((step) => step.startsWith('FAIL_ENTRY'));
    if (failure) this.entryFailure = failure.slice(failure.indexOf(': ') + 2);
    const index = this.world.vcpus.findIndex((_, i) => needsWake(this.world, i));
    return index < 0 ? this : this.act({ actor: 'kvm', verb: 'wake', args: { vcpu: index } });
  }
  create(vmsa: bigint, features = FEATURES): this {
    return this.guest('ap-create', { target: 1, vmsa, features });
  }
  createOnInit(vmsa: bigint, features = FEATURES): this {
    return this.guest('ap-create-on-init', { target: 1, vmsa, features });
  }
  /** With RAX, without which the oldest kernels do not take it. */
  destroy(): this {
    return this.guest('ap-destroy', { target: 1, features: FEATURES });
  }
  request(number: number): this {
    const [code, info1] = [BigInt(SVM_VMGEXIT_AP_CREATION), (1n << 32n) | BigInt(number)];
    return this.guest('nae', { code, info1, info2: V2, rax: FEATURES });
  }
  /** The memory under a frame is damaged: a look-up of the page fails. */
  poisoned(gpa: bigint): this {
    const { hostPage } = this.world.pages;
    hostPage.set(gpaToGfn(gpa), hostPage.get(gpaToGfn(gpa)) | hostPageBits.poisoned);
    return this;
  }
  initSipi(): this {
    return this.guest('init-sipi', { target: 1 });
  }
  runV1(): this {
    return this.vmm('run', { vcpu: 1 });
  }
  /** A signal brings the thread back to userspace, which then sets mp_state and calls KVM_RUN. */
  setRunnable(): this {
    if (this.world.vcpu(1).run === 'blocked') this.vmm('signal', { vcpu: 1 });
    return this.vmm('set-mp-state', { vcpu: 1, state: 'RUNNABLE' }).runV1();
  }
  get reply(): string {
    const { guestReadInfo1, guestReadInfo2 } = this.world.vcpu(0);
    return `${guestReadInfo1}/${guestReadInfo2 === KVM_INJECT_GP ? '#GP' : guestReadInfo2}`;
  }
  /** What VMRUN would use. */
  get vmsa(): string {
    const { vmsa, guestVmsaGpa } = this.world.vcpu(1);
    const names = new Map([
      [V1, 'V1'],
      [V2, 'V2'],
    ]);
    return vmsa === 'guestVmsa' ? (names.get(guestVmsaGpa) ?? hex(guestVmsaGpa)) : vmsa;
  }
  /** exit_reason of a vCPU, as it stands in its kvm_run. */
  exitReason(index: number): string {
    const reason = kvmRun.get(this.world.kvmRun[index] as Image, 'exitReason');
    return (exitOfReason(this.world, reason)?.name ?? String(reason)).replace('KVM_EXIT_', '');
  }
  /** Where the thread of the target is: in the guest, asleep, or back in userspace with this result. */
  get thread(): string {
    const { run, runErrno } = this.world.vcpu(1);
    if (run !== 'inUserspace') return run;
    if (runErrno !== 0) return errnoText(-runErrno);
    const exit = this.exitReason(1);
    return exit === 'FAIL_ENTRY' ? `${exit} (${this.entryFailure})` : exit;
  }
  get outcome(): string {
    return `${this.world.vcpu(1).mpState} ${this.vmsa} ${this.thread} ${this.reply}`;
  }
  count(text: string): number {
    return this.history.filter((step) => step.includes(text)).length;
  }
}

/** After LAUNCH_FINISH; v1 was never started. The VMSA pages are what RMPADJUST leaves behind. */
export function launched(spec: string): ApRun {
  const run = new ApRun(spec).running({ vcpus: 2 });
  for (const vmsa of [0n, V1, V2, 0x200000n]) {
    const gfn = gpaToGfn(vmsa);
    const { asid } = run.world.vm;
    const entry = { assigned: true, validated: true, immutable: false, twoMeg: false, gfn, asid };
    arrangeRmp(run.world, gfn, entry);
    const { rmp } = run.world.pages;
    rmp.set(gfn, rmp.get(gfn) | rmpBits.vmsa);
  }
  return run.guest('register-ghcb', { gpa: 0x10000n });
}

/** v1 was started once by INIT-SIPI on its launch VMSA and sits in an AP reset hold. */
export function held(spec: string): ApRun {
  const run = launched(spec).initSipi().runV1().runV1();
  return run.guest('hold', { form: 'msr' }, 1);
}

/** What a run gives under each generation. */
export const all = <T>(drive: (id: ProfileId) => T) => profileIds.map((id) => [id, drive(id)] as const);
