import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ghcbPage, writeValid } from '../abi/ghcb-page';
import { kinds } from '../abi/kinds';
import { kvmRun, kvmRunHypercall, kvmRunMemoryFault, kvmRunSystemEvent } from '../abi/kvm-run';
import { recognise } from '../abi/recognise';
import { vmsa, vmsaInitValues } from '../abi/vmsa';
import { bytesView, littleEndianBytes } from '../base/bytes';
import { bytesToHex } from '../base/hex';
import type { Act } from '../engine/acts';
import { moveText } from '../engine/moves';
import type { World } from '../engine/world';
import { profile } from '../profiles/resolve';
import { scenarioFromRecognition, scenarioFromValue } from './from-value';
import { memoryTape } from './memory-tape';
import { parseScenario } from './parse';
import { printScenario } from './print';
import { runScenario } from './run';
import type { Scenario } from './scenario';

const given = (kind: string, bytes: Uint8Array): Scenario => {
  const found = scenarioFromValue(kind, bytes);
  if (!found.ok) throw new Error(found.error.message);
  return found.value;
};
const pasted = (text: string): Scenario => {
  const found = recognise(text);
  const scenario = found.ok ? scenarioFromRecognition(found.value) : found;
  if (!scenario.ok) throw new Error(scenario.error.message);
  return scenario.value;
};
/** As a person gets it: printed, read again and run. @param look sees the world before and after every act */
function run(
  scenario: Scenario,
  look: (world: World, act: Act, when: 'before' | 'after') => void = () => {},
) {
  const parsed = parseScenario(printScenario(scenario));
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  const done = runScenario(parsed.scenario, profile('linux-7.2'), (world) => {
    const tape = memoryTape(world);
    const perform = tape.perform.bind(tape);
    tape.perform = (act, origin) => {
      look(world, act, 'before');
      const outcome = perform(act, origin);
      look(world, act, 'after');
      return outcome;
    };
    return tape;
  });
  expect(done.problems).toEqual([]);
  return done.timeline;
}
const texts = (scenario: Scenario): string[] => {
  const tape = run(scenario);
  return Array.from({ length: tape.stepCount }, (_, i) => tape.step(i).move).map((move) =>
    move ? moveText(move) : '',
  );
};

/** The GHCB page of a vCPU as it stood when the guest executed VMGEXIT by it. */
function pageAtVmgexit(scenario: Scenario): Uint8Array {
  let page = new Uint8Array();
  run(scenario, (world, act, when) => {
    if (act.verb !== 'vmgexit' || when !== 'before') return;
    page = new Uint8Array(world.image('shared', Number(world.vcpu(0).guestGhcbGpa >> 12n)).toBytes());
  });
  return page;
}

describe('bytes are carried over exactly', () => {
  const request = (scratch: bigint): Uint8Array => {
    const page = new Uint8Array(4096);
    const view = bytesView(page);
    writeValid(view, 'swExitCode', 0x8000_0010n);
    writeValid(view, 'swExitInfo1', 0n);
    writeValid(view, 'swExitInfo2', 0n);
    writeValid(view, 'swScratch', scratch);
    ghcbPage.set(view, 'protocolVersion', 2);
    page.set(littleEndianBytes(0xdead_0001_0000n, 8), 0x800);
    page.set(littleEndianBytes(0xfe10_0000_0010_0000n, 8), 0x808);
    page.set(littleEndianBytes(0x0020_0000_0010_1000n, 8), 0x810);
    return page;
  };

  test.each([
    ['at the address its scratch names', 0x7fe1800n, 0x7fe1000n],
    ['where a guest keeps it when its scratch lies outside', 0x123n, 0x3ff000n],
  ])('a GHCB page, reserved bits included, %s', (_, scratch, gpa) => {
    const scenario = given('ghcb-page', request(scratch));
    expect(bytesToHex(pageAtVmgexit(scenario))).toBe(bytesToHex(request(scratch)));
    expect(run(scenario).world.vcpu(0).guestGhcbGpa).toBe(gpa);
  });

  test('a GHCB page of any bytes', () => {
    const any = fc.uint8Array({ minLength: 4096, maxLength: 4096 });
    fc.assert(
      fc.property(any, (page) => {
        expect(bytesToHex(pageAtVmgexit(given('ghcb-page', page)))).toBe(bytesToHex(page));
      }),
      { numRuns: 8 },
    );
  });

  test('a PSC buffer, reserved bits and half done entries included', () => {
    const buffer = request(0n).slice(0x800, 0x818);
    const page = pageAtVmgexit(given('psc-buffer', buffer));
    expect(bytesToHex(page.slice(0x800, 0x818))).toBe(bytesToHex(buffer));
    expect(
      texts(given('psc-buffer', buffer)).filter((text) => /HYPERCALL/.test(text)).length,
    ).toBeGreaterThan(0);
  });

  test('the golden walk: two adjacent entries make one exit, the one behind a gap another', () => {
    const words = [0x2_0000n, 0x0010_0000_0010_0000n, 0x0010_0000_0010_1000n, 0x0010_0000_0010_3000n];
    const buffer = Uint8Array.from(words.flatMap((word) => [...littleEndianBytes(word, 8)]));
    const exits: bigint[][] = [];
    const tape = run(given('psc-buffer', buffer), (world, act, when) => {
      const image = world.kvmRun[0];
      if (when === 'after' && world.vcpu(0).exitPending && image && act.verb !== 'handle')
        exits.push([0, 1, 2].map((i) => kvmRunHypercall.item(image, 'args', i)));
    });
    expect(exits).toEqual([
      [0x10_0000n, 2n, 0x10n],
      [0x10_3000n, 1n, 0x10n],
    ]);
    const { world } = tape;
    const vcpu = world.vcpu(0);
    const after = world.image('shared', Number(vcpu.guestGhcbGpa >> 12n)).toBytes(0x800, 32);
    expect(bytesView(after).u16(0)).toBe(3);
    expect([1, 2, 3].map((i) => bytesView(after).u64(8 * i) & 0xfffn)).toEqual([1n, 1n, 1n]);
    expect([vcpu.guestReadInfo1, vcpu.guestReadInfo2]).toEqual([0n, 0n]);
  });

  test('a VMSA stands in the page that AP creation names', () => {
    const bytes = new Uint8Array(1648);
    const view = bytesView(bytes);
    for (const [field, value] of Object.entries(vmsaInitValues({ sipiVector: 9, vmpl: 0, sevFeatures: 1n })))
      vmsa.set(view, field as Parameters<typeof vmsa.set>[1], value as never);
    vmsa.set(view, 'rip', 0xfff0n);
    const own = run(given('vmsa', bytes)).world.findImage('private', 0x121)?.toBytes(0, bytes.length);
    expect(bytesToHex(own ?? new Uint8Array())).toBe(bytesToHex(bytes));
  });
});

describe('what a log shows becomes the request that led to it', () => {
  test.each([
    ['0x0010000012345014', 'v0      msr value=0x10000012345014'],
    [
      '0x80000013 0x100000001 0x107f3000',
      'v0      nae code=0x80000013 info1=0x100000001 info2=0x107f3000 rax=0x1',
    ],
    ['0x80000013 0x500000001 0x107f3000', 'vm      vcpus=6 memory=512M'],
  ])('%s', (text, line) => {
    const scenario = pasted(text);
    expect(printScenario(scenario)).toContain(line);
    run(scenario);
  });

  test('AP creation goes through: the page it names is made first', () => {
    const steps = texts(pasted('0x80000013 0x100000001 0x107f3000'));
    expect(steps.some((text) => text.includes('0x107f3000'))).toBe(true);
    expect(run(pasted('0x80000013 0x100000001 0x107f3000')).world.vcpu(0).guestReadInfo1).toBe(0n);
  });
});

describe('kvm_run leads back to what a guest did', () => {
  const record = (fill: (view: ReturnType<typeof bytesView>) => void): Uint8Array => {
    const bytes = new Uint8Array(288);
    fill(bytesView(bytes));
    return bytes;
  };
  /** `kvm_run` as it stood at the first exit that the scenario's last act led to. */
  const exitOf = (scenario: Scenario) => {
    let image: Uint8Array | undefined;
    run(scenario, (world, _, when) => {
      if (when === 'after' && world.vcpu(0).exitPending) image ??= world.kvmRun[0]?.toBytes();
    });
    if (!image) throw new Error('no exit');
    return bytesView(image);
  };

  test('a hypercall with its arguments', () => {
    const bytes = record((view) => {
      kvmRun.set(view, 'exitReason', 3);
      kvmRunHypercall.set(view, 'nr', 12n);
      [0x20_0000n, 3n, 0x10n].forEach((arg, i) => kvmRunHypercall.setItem(view, 'args', i, arg));
    });
    const exit = exitOf(given('kvm-run', bytes));
    expect([0, 1, 2].map((i) => kvmRunHypercall.item(exit, 'args', i))).toEqual([0x20_0000n, 3n, 0x10n]);
  });

  test.each([0x21100n, 0x7fe1000n, 0x0010_0000_0020_0014n])('a termination with data[0] %s', (data) => {
    const bytes = record((view) => {
      kvmRun.set(view, 'exitReason', 24);
      kvmRunSystemEvent.set(view, 'type', 6);
      kvmRunSystemEvent.setItem(view, 'data', 0, data);
    });
    expect(kvmRunSystemEvent.item(exitOf(given('kvm-run', bytes)), 'data', 0)).toBe(data);
  });

  test.each([0n, 8n])('a memory fault with flags %s', (flags) => {
    const bytes = record((view) => {
      kvmRun.set(view, 'exitReason', 39);
      kvmRunMemoryFault.set(view, 'flags', flags);
      kvmRunMemoryFault.set(view, 'gpa', 0x765_4000n);
    });
    const exit = exitOf(given('kvm-run', bytes));
    expect(kvmRunMemoryFault.get(exit, 'flags')).toBe(flags);
    expect(kvmRunMemoryFault.get(exit, 'gpa')).toBe(0x765_4000n);
  });
});

describe.each(Object.entries(kinds))('kind %s', (name, { size }) => {
  const bytes = fc.oneof(
    fc.constant(new Uint8Array(size)),
    fc.uint8Array({ minLength: size, maxLength: size }),
    fc.nat(255).map((byte) => new Uint8Array(size).fill(byte, 0, 1)),
  );
  test('becomes a scenario that runs, or a sentence says why not', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const found = scenarioFromValue(name, value);
        if (found.ok) run(found.value);
        else expect(found.error.message).toMatch(/^[A-Z].*\.$/);
      }),
      { numRuns: 4 },
    );
  });

  test('is not left out', () => {
    const found = scenarioFromValue(name, new Uint8Array(size));
    expect(found.ok ? '' : found.error.message).not.toContain('No scenario is made of');
  });
});
