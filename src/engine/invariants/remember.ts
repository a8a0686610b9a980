/** What the invariants remember of a move for later checks. */
import { knownValue } from '../../profiles/facets';
import { kvmPresetsRet } from '../../profiles/facets/psc-msr';
import { apAnswer, apAnswerMoves } from './ap-request';
import { SEV_CMD_SNP_PAGE_RECLAIM } from '../../abi/firmware';
import { SVM_VMGEXIT_PSC } from '../../abi/nae';
import { isPrivate } from '../frames/attributes';
import type { MoveName } from '../moves';
import type { Vcpu } from '../state/vcpu';
import type { Seen } from './invariant';
import { changedSince } from './log-view';
import { maximalRuns, pscRequest, pscRequestOfGuest } from './psc-request';

type Memory = (seen: Seen) => void;

function apAnswered(seen: Seen): void {
  const answer = apAnswer(seen);
  if (!answer?.target || !answer.history) return;
  const { caller, target, history, request } = answer;
  if (!answer.succeeded) {
    if (changedSince(seen.world, seen.since, target, ['creation', 'pendingVmsaGpa']).length > 0)
      history.armedByRefusal = true;
    return;
  }
  history.armedByRefusal = false;
  history.created = request !== 'DESTROY';
  if (request !== 'DESTROY') history.declaredFeatures = caller.rax;
}

function notInstalled({ world, index }: Seen): void {
  const history = world.vcpuHistory[index];
  if (!history) return;
  history.destroyed ||= world.vcpu(index).destroyed;
  history.armedByRefusal = false;
}

function installed({ world, index }: Seen): void {
  const history = world.vcpuHistory[index];
  if (history) history.destroyed = false;
}

function lost({ world }: Seen): void {
  if (world.vm.exists) world.vmHistory.lostPage = true;
}

/** Some postings ignore a failing reclaim of a page. */
function reclaimed(seen: Seen): void {
  if (seen.args['id'] === SEV_CMD_SNP_PAGE_RECLAIM && seen.args['status'] !== 0) lost(seen);
}

/** A page of the guest that became encrypted while the VMM had not declared it private. */
function assigned({ world, args }: Seen): void {
  const gfn = Number(args['gfn']);
  const { pages, vmHistory } = world;
  if (args['to'] !== 'Pre-Guest' || vmHistory.updatedWhileShared !== 0 || !pages.gfn.has(gfn)) return;
  if (!isPrivate(world, gfn)) vmHistory.updatedWhileShared = gfn + 1;
}

/** A batch is remembered as the guest wrote it, before KVM reads it. */
function requested({ world, index, args }: Seen): void {
  const vcpu = world.vcpus[index];
  const history = world.vcpuHistory[index];
  if (!vcpu || !history || args['code'] !== BigInt(SVM_VMGEXIT_PSC)) return;
  const request = pscRequestOfGuest(world, vcpu);
  history.pscFirst = request?.current ?? 0;
  history.pscEntry = request?.current ?? 0;
  history.pscRuns = maximalRuns(request?.entries ?? []);
  history.pscExits = 0;
  history.pscEdited = false;
}

/** An exit whose answer KVM will read from the union that the last exit used too. */
function askedVmm({ world, index }: Seen): void {
  const vcpu = world.vcpus[index];
  const history = world.vcpuHistory[index];
  if (!vcpu || !history) return;
  history.retWritten = kvmPresetsRet(knownValue(world.profile.facets, retFacet(vcpu.completion)));
  if (vcpu.completion !== 'psc') return;
  history.pscExits += 1;
  history.pscEntry = pscRequest(world, vcpu, 0)?.current ?? 0;
}

const retFacet = (completion: Vcpu['completion']): 'hypercall.retInit' | 'psc.retInit' =>
  completion === 'hypercall' ? 'hypercall.retInit' : 'psc.retInit';

/** A batch waits for the VMM. */
const batchCompletions: ReadonlySet<Vcpu['completion']> = new Set(['psc', 'pscVmgexit', 'pscVmgexitRaw']);

/** Another vCPU of the guest may write while a batch is in progress; the writer and the address are not tracked. */
function guestWrote({ world }: Seen): void {
  world.vcpus.forEach((vcpu, index) => {
    const history = world.vcpuHistory[index];
    if (history && batchCompletions.has(vcpu.completion)) history.pscEdited = true;
  });
}

const answerWritten: Memory = ({ world, index }) => {
  const history = world.vcpuHistory[index];
  if (history) history.retWritten = true;
};

/** By the kind of move. */
export const remember: Readonly<Partial<Record<MoveName, Memory>>> = {
  ...Object.fromEntries(apAnswerMoves.map((kind) => [kind, apAnswered])),
  vmsaNotInstalled: notInstalled,
  vmsaInstalled: installed,
  physicalZeroInstalled: installed,
  pageLeaked: lost,
  firmwareCommand: reclaimed,
  rmpUpdate: assigned,
  naeRequest: requested,
  mapGpaRangeExit: askedVmm,
  hypercallExit: askedVmm,
  vmgexitPscMsrExit: askedVmm,
  vmgexitPscExit: askedVmm,
  guestWrite: guestWrote,
  vmmWritesRet: answerWritten,
  vmmAnswer: answerWritten,
};
