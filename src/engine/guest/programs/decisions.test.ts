/** What the programs decide on answers that KVM of these kernels never gives, and on those it gives. */
import { describe, expect, test } from 'vitest';
import { featuresResponse, sevInfoResponse } from '../../../abi/ghcb-msr';
import { ghcbPage, GHCB_SHARED_BUFFER } from '../../../abi/ghcb-page';
import { RMP_FAIL_SIZEMISMATCH } from '../../../abi/rmp';
import { profile } from '../../../profiles/resolve';
import type { RuleId } from '../../rules';
import { World } from '../../world';
import { conversion, readHeader, type ConversionPlan } from './conversion';
import { linux } from './linux';
import { ovmf, PEI_ENTRIES, SEC_ENTRIES } from './ovmf';
import { decide, HALTED_FOR_GOOD, type Decision, type GivesUp, type GoesOn, type Program } from './program';
import { svsm } from './svsm';

function worldWith({ vcpus = 2 } = {}): World {
  const world = new World({ vcpus, gfnCount: 0x4000, gmemPages: 0x4000 }, profile('linux-7.2'));
  for (const vcpu of world.vcpus) vcpu.exists = true;
  const [slot] = world.slots;
  if (slot) Object.assign(slot, { used: true, firstGfn: 0, pages: 0x4000 });
  return world;
}

/** Where the program stands when the phase of that name waits for its answer. */
function awaiting(world: World, program: Program, name: string, cursor = 0n): void {
  const phase = program.phases.findIndex((candidate) => candidate.name === name);
  expect(phase).toBeGreaterThanOrEqual(0);
  Object.assign(world.vcpu(0), { programStep: phase * 2 + 1, programCursor: cursor });
}

const reasonOf = (decision: Decision | undefined): string => {
  const { givesUp } = decision ?? {};
  return givesUp ? `${givesUp.set}:${givesUp.code}` : 'goes on';
};

const info = (minVersion: number, maxVersion: number): bigint =>
  sevInfoResponse.encode({ minVersion, maxVersion, cBit: 51 });
const offers = (features: number): bigint => featuresResponse.encode({ features });

describe('version and features', () => {
  test.each<[string, bigint, string, string, string]>([
    ['version', 0x002n, '0:1', '0:0', '0:0'],
    ['version', info(1, 2), 'goes on', 'goes on', 'goes on'],
    ['version', info(3, 4), '0:1', '0:1', '0:0'],
    ['version', info(1, 1), '0:2', 'goes on', '0:0'],
    ['features', offers(3), 'goes on', 'goes on', 'goes on'],
    ['features', offers(2), '0:2', '0:1', 'goes on'],
    ['features', 0x080n, '0:2', '0:1', '0:0'],
  ])('%s answered with %s: Linux %s, OVMF %s, coconut-svsm %s', (phase, answer, ...expected) => {
    const names = [phase, `SEC: ${phase}`, phase];
    const reasons = [linux, ovmf, svsm].map((program, index) => {
      const world = worldWith();
      awaiting(world, program, names[index] ?? '');
      world.vcpu(0).guestReadMsr = answer;
      return reasonOf(decide(program, world, 0));
    });
    expect(reasons).toEqual(expected);
  });

  test.each([
    [0x23, []],
    [0x03, ['hypervisor features 0x20 are missing, and it goes on']],
    [0x00, ['hypervisor features 0x23 are missing, and it goes on']],
  ])('coconut-svsm notes what is missing of %s', (features, says) => {
    const world = worldWith();
    awaiting(world, svsm, 'features');
    world.vcpu(0).guestReadMsr = offers(features);
    expect(decide(svsm, world, 0)?.says.map(({ text }) => text)).toEqual(says);
  });
});

describe('the header that comes back from a page state change of three entries', () => {
  test.each<[string, number, number, number, string, string, string]>([
    ['all done', 3, 2, 0, 'done', 'done', 'done'],
    ['done in part', 1, 2, 0, 'again', 'again', 'done'],
    ['cur_entry back at 0, whatever it was before', 0, 2, 0, 'again', 'again', 'done'],
    ['the end grew', 1, 3, 0, 'senseless', 'again', 'done'],
    ['the end shrank', 1, 0, 0, 'done', 'done', 'done'],
    ['the reserved word is set', 3, 2, 1, 'senseless', 'done', 'done'],
    ['the reserved word is set, in part', 1, 2, 0x8000_0000, 'senseless', 'again', 'done'],
  ])('%s: Linux, OVMF and coconut-svsm', (_, cur, end, reserved, ...expected) => {
    const all = (['headerAndReserved', 'header', 'info1'] as const).map((reads) =>
      readHeader(reads, { cur, end, reserved }, { last: 2 }),
    );
    expect(all).toEqual(expected);
  });

  test('Linux sees no cur_entry that goes down between two calls', () => {
    const world = worldWith();
    const vcpu = world.vcpu(0);
    Object.assign(vcpu, { guestGhcbGpa: 0x3000n, guestResult: 'ok' });
    const page = world.image('shared', 3);
    ghcbPage.set(page, 'swScratch', 0x3000n + BigInt(GHCB_SHARED_BUFFER));
    const phase = linux.phases.find(({ name }) => name === 'bounce buffer');
    let cursor = 2n;
    for (const cur of [5, 3, 5, 0, 5]) {
      page.setU16(GHCB_SHARED_BUFFER, cur);
      page.setU16(GHCB_SHARED_BUFFER + 2, 6);
      const checked = phase?.check({ world, index: 0, vcpu, cursor });
      expect(checked).toBeTypeOf('bigint');
      cursor = checked as bigint;
      expect(phase?.emit({ world, index: 0, vcpu, cursor })).toEqual({ verb: 'psc', args: {} });
    }
  });
});

/** Follows a conversion whose every instruction goes through. */
function follow(plan: Pick<ConversionPlan, 'to' | 'limit' | 'slice' | 'reads' | 'range'>): string[] {
  const world = worldWith();
  const vcpu = world.vcpu(0);
  vcpu.guestGhcbGpa = 0x3000n;
  vcpu.guestResult = 'ok';
  const page = world.image('shared', 3);
  ghcbPage.set(page, 'swScratch', 0x3000n + BigInt(GHCB_SHARED_BUFFER));
  const reason = { who: 'test', set: 0, code: 0, rule: 'OvmfPscRefused' } as const;
  const reasons = { onRefusal: reason, onHeader: reason, onPvalidate: reason };
  const phase = conversion({ name: 'under test', ...reasons, ...plan });
  const seen: string[] = [];
  let cursor = 0n;
  for (;;) {
    const at = { world, index: 0, vcpu, cursor };
    const instruction = phase.emit(at);
    if (!instruction) return seen;
    const entries = instruction.verb === 'psc' ? (instruction.args.entries ?? []) : [];
    page.setU16(GHCB_SHARED_BUFFER, entries.length);
    page.setU16(GHCB_SHARED_BUFFER + 2, Math.max(0, entries.length - 1));
    seen.push(instruction.verb === 'psc' ? `psc ${entries.length}` : instruction.verb);
    const checked = phase.check(at);
    if (typeof checked !== 'bigint') throw new Error('the conversion must go through');
    cursor = checked;
  }
}

describe('requests of a conversion', () => {
  const range = () => ({ gfn: 1, n: 300 });
  const sec = { limit: SEC_ENTRIES, slice: SEC_ENTRIES, reads: 'header', range } as const;
  const pei = { limit: PEI_ENTRIES, slice: 253, reads: 'header', range } as const;
  const requests = (seen: readonly string[]) => seen.filter((verb) => verb.startsWith('psc'));

  test('SEC of OVMF validates after every 127 entries', () => {
    const seen = follow({ ...sec, to: 'private' });
    expect(requests(seen)).toEqual(['psc 127', 'psc 127', 'psc 46']);
    expect(seen.indexOf('pvalidate')).toBe(1);
    expect(seen[128]).toBe('psc 127');
  });

  test('PEI of OVMF validates after all slices of its buffer', () => {
    const seen = follow({ ...pei, to: 'private' });
    expect(requests(seen)).toEqual(['psc 253', 'psc 47']);
    expect(seen.slice(0, 3)).toEqual(['psc 253', 'psc 47', 'pvalidate']);
    expect(seen).toHaveLength(302);
  });

  test('on the way to shared all validation is taken back before the first slice', () => {
    const seen = follow({ ...pei, to: 'shared' });
    expect(seen.slice(-2)).toEqual(['psc 253', 'psc 47']);
    expect(seen.indexOf('psc 253')).toBe(300);
  });
});

/** What a program decides on an answer to its first request of a batch. */
function onAnswer(program: Program, name: string, info1: bigint, info2: bigint) {
  const world = worldWith();
  const phase = program.phases.find((candidate) => candidate.name === name);
  const vcpu = world.vcpu(0);
  const guestResult = info1 === 0n && info2 === 0n ? 'ok' : 'error';
  Object.assign(vcpu, { guestResult, guestReadInfo1: info1, guestReadInfo2: info2, guestGhcbGpa: 0x3000n });
  ghcbPage.set(world.image('shared', 3), 'swScratch', 0x3000n + BigInt(GHCB_SHARED_BUFFER));
  world.image('shared', 3).setU16(GHCB_SHARED_BUFFER, 0xff);
  // 2 is the first request of a batch that starts at its beginning.
  return phase?.check({ world, index: 0, vcpu, cursor: 2n });
}

const PSC_ERROR = 0x100_0000_0000n;
test.each<[Program, string, bigint, bigint, string, RuleId]>([
  [linux, 'bounce buffer', 0n, PSC_ERROR, '1:1', 'LinuxPscRefused'],
  [linux, 'bounce buffer', 2n, 5n, '1:1', 'LinuxPscRefused'],
  [ovmf, 'PEI: accept below', 0n, PSC_ERROR, '0:0', 'OvmfPscRefused'],
  [svsm, 'take them back', 2n, 5n, '0:0', 'SvsmCallFailed'],
])('%o: %s answered with %s/%s ends with %s by %s', (program, name, info1, info2, reason, rule) => {
  const verdict = onAnswer(program, name, info1, info2) as GivesUp;
  expect([`${verdict.set}:${verdict.code}`, verdict.rule]).toEqual([reason, rule]);
});

test('coconut-svsm goes on to PVALIDATE after an error in SW_EXITINFO2', () => {
  const verdict = onAnswer(svsm, 'take them back', 0n, PSC_ERROR) as GoesOn;
  expect(verdict.says).toEqual({
    text: 'SW_EXITINFO2 of the page state change is 0x10000000000, an error, and it goes on',
    rule: 'SvsmIgnoresInfo2',
    isFinding: true,
  });
  const phase = svsm.phases.find(({ name }) => name === 'take them back');
  const world = worldWith();
  const next = phase?.emit({ world, index: 0, vcpu: world.vcpu(0), cursor: verdict.cursor });
  expect(next?.verb).toBe('pvalidate');
});

test('what gives up in the boot of Linux says who it is', () => {
  const world = worldWith();
  awaiting(world, linux, 'firmware: version');
  world.vcpu(0).guestReadMsr = 0x002n;
  expect(decide(linux, world, 0)?.givesUp?.who).toBe('OVMF');
  awaiting(world, linux, 'version');
  world.vcpu(0).guestReadMsr = info(1, 1);
  expect(decide(linux, world, 0)?.givesUp).toMatchObject({
    who: 'Linux',
    set: 0,
    code: 2,
    rule: 'LinuxNoSnp',
  });
});

describe('APs of OVMF', () => {
  function emitted(name: string, failing?: string): string[] {
    const world = worldWith({ vcpus: 3 });
    const vcpu = world.vcpu(0);
    const phase = ovmf.phases.find((candidate) => candidate.name === name);
    const seen: string[] = [];
    let cursor = 0n;
    for (;;) {
      const at = { world, index: 0, vcpu, cursor };
      const instruction = phase?.emit(at);
      if (!phase || !instruction) return seen;
      seen.push(instruction.verb);
      vcpu.guestResult = instruction.verb === failing ? 'error' : 'ok';
      vcpu.instructionCode = instruction.verb === failing ? RMP_FAIL_SIZEMISMATCH : 0;
      const checked = phase.check(at);
      cursor = typeof checked === 'bigint' ? checked : 'cursor' in checked ? checked.cursor : -1n;
    }
  }
  const taken = ['ap-destroy', 'rmpadjust'];
  const made = ['make-vmsa', 'ap-create'];

  test.each([
    ['APs: INIT-SIPI', undefined, ['init-sipi', 'init-sipi']],
    ['APs: first use', undefined, [...made, ...made]],
    ['APs: next use', undefined, [...taken, ...made, ...taken, ...made]],
    ['APs: next use', 'ap-destroy', ['ap-destroy', 'ap-destroy']],
    ['APs: next use', 'rmpadjust', [...taken, ...taken]],
    ['APs: first use', 'make-vmsa', ['make-vmsa', 'make-vmsa']],
  ])('%s when %s fails', (name, failing, expected) => {
    expect(emitted(name, failing)).toEqual(expected);
  });
});

test.each<[Program, string[]]>([
  [linux, ['hlt', 'hlt', 'hlt', 'hlt']],
  [ovmf, ['hlt', 'hlt', 'hlt', 'hlt']],
  [svsm, ['hlt', 'terminate', 'hlt', 'terminate']],
])('%o resumed after its termination request', (program, expected) => {
  const world = worldWith();
  const vcpu = world.vcpu(0);
  vcpu.programStep = HALTED_FOR_GOOD;
  const verbs = expected.map(() => {
    const decision = decide(program, world, 0);
    Object.assign(vcpu, decision?.next);
    // The loop of coconut-svsm has one reason, 0:0, and asks by the MSR.
    if (decision?.act.verb === 'terminate')
      expect(decision.act.args).toEqual({ form: 'msr', set: 0, code: 0 });
    return decision?.act.verb;
  });
  expect(verbs).toEqual(expected);
});
