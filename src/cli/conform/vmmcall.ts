/** Driver for VMMCALL vectors: one hypercall of the guest, its exit answered, up to the next entry. */
import { ghcbPage } from '../../abi/ghcb-page';
import { kvmRun, kvmRunHypercall, KVM_EXIT_HYPERCALL } from '../../abi/kvm-run';
import { SVM_EXIT_VMMCALL } from '../../abi/nae';
import { naeRequest } from '../../engine/guest/ghcb-writer';
import { kvmRunIoctl } from '../../engine/kvm/run/run';
import type { Image } from '../../engine/memory/image';
import type { ResolvedProfile } from '../../profiles/resolve';
import { guestWorld, sharedPage } from './guest-world';
import { hexWord, numberOf, textOf, word, type JsonObject } from './json';
import { exitOf } from './msr';

const GHCB = 0x1234000n;
/** Stands in hypercall.ret before the request, to see whether KVM writes it. */
const SENTINEL = 0x5a5a5a5a5a5a5a5an;

export function driveVmmcall(input: JsonObject, profile: ResolvedProfile): JsonObject {
  const world = guestWorld(profile, {
    guest: textOf(input['guest'] ?? 'snp'),
    hypercallExit: input['hypercallExit'] !== false,
  });
  const vcpu = world.vcpu(0);
  vcpu.registeredGhcbGpa = GHCB;
  vcpu.guestGhcbGpa = GHCB;
  const [run] = world.kvmRun as [Image];
  kvmRunHypercall.set(run, 'ret', SENTINEL);
  naeRequest(world, 0, {
    code: BigInt(SVM_EXIT_VMMCALL),
    rax: word(input['rax']),
    rbx: word(input['rbx']),
    rcx: word(input['rcx']),
    rdx: word(input['rdx']),
    rsi: word(input['rsi']),
    cpl: numberOf(input['cpl']),
  });
  const exits: JsonObject[] = [];
  const ret = kvmRunHypercall.get(run, 'ret');
  if (vcpu.run === 'inUserspace' && kvmRun.get(run, 'exitReason') === KVM_EXIT_HYPERCALL) {
    exits.push({ ...exitOf(run), flags: hexWord(kvmRunHypercall.get(run, 'flags')) });
    kvmRunHypercall.set(run, 'ret', word(input['answer']));
    kvmRunIoctl(world, 0, { immediateExit: false });
  }
  const page = sharedPage(world, GHCB);
  return {
    exits,
    kvmRun: vcpu.runErrno === 0 ? 'resume' : -vcpu.runErrno,
    rax: hexWord(ghcbPage.get(page, 'rax')),
    ...(exits.length > 0 ? {} : { runRet: ret === SENTINEL ? null : hexWord(ret) }),
    swExitInfo1: hexWord(ghcbPage.get(page, 'swExitInfo1')),
    swExitInfo2: hexWord(ghcbPage.get(page, 'swExitInfo2')),
  };
}
