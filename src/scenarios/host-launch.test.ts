/** `launch by=host`: the order of each VMM, and where it ends. */
import { describe, expect, test } from 'vitest';
import { profile } from '../profiles/resolve';
import type { ProfileId } from '../profiles/profiles';
import { memoryTape } from './memory-tape';
import { parseScenario, problemText } from './parse';
import { runScenario } from './run';

function launched(id: ProfileId, host: string, faults = '', guest = 'linux') {
  const text = `ghcb-scenario 1\nvm vcpus=2 memory=64M\nguest ${guest}\nhost ${host}\n${faults}launch by=host\nend ghcb-scenario\n`;
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  const { timeline, problems } = runScenario(parsed.scenario, profile(id), memoryTape);
  const { world, acts } = timeline;
  const verbs = acts.flatMap(({ act }) => (act.actor === 'vmm' ? [act.verb as string] : []));
  return { world, problems, verbs, calls: verbs.filter((verb, i) => verb !== verbs[i - 1]) };
}

describe('the order of the calls', () => {
  test('QEMU', () => {
    const { calls, world } = launched('linux-7.3', 'qemu', '', 'selftest');
    expect(calls.join(' ')).toBe(
      'create-vm init2 hypercall-exits launch-start memslot create-vcpu set-attributes launch-update launch-finish run',
    );
    expect([world.vm.gstate, world.vcpu(0).run, world.vm.vmmStopped]).toEqual(['RUNNING', 'inGuest', false]);
  });

  test('cloud-hypervisor', () => {
    const { calls, verbs, world } = launched('linux-7.3', 'cloud-hypervisor', '', 'selftest');
    expect(calls.slice(0, 9).join(' ')).toBe(
      'create-vm hypercall-exits init2 memslot set-attributes create-vcpu launch-start set-attributes launch-update',
    );
    // One call for each of the four pages.
    expect(verbs.filter((verb) => verb === 'launch-update')).toHaveLength(4);
    expect([world.vm.gstate, world.vcpu(0).run]).toEqual(['RUNNING', 'inGuest']);
  });

  test.each<ProfileId>(['part2-v4', 'part2-v5', 'v14', 'linux-6.11', 'linux-6.12', 'linux-7.2'])(
    'under %s QEMU comes to its end',
    (id) => {
      expect(launched(id, 'qemu', '', 'selftest').world.vm.gstate).toBe('RUNNING');
    },
  );
});

describe('the first call that fails ends the VMM', () => {
  test.each<[string, string, string]>([
    ['qemu', '0xa0', 'launch-start'],
    ['cloud-hypervisor', '0xa0', 'launch-start'],
    ['qemu', '0xa2', 'launch-finish'],
    ['cloud-hypervisor', '0xa2', 'launch-finish'],
  ])('%s: command %s fails in %s', (host, command, last) => {
    const { verbs, world } = launched('linux-7.3', host, `inject firmware command=${command} status=3\n`);
    expect(verbs.slice(-2)).toEqual([last, 'give-up']);
    expect([world.vm.vmmStopped, verbs.includes('run')]).toEqual([true, false]);
  });
});

describe('LAUNCH_UPDATE', () => {
  test('QEMU repeats the call while len is left', () => {
    const clean = launched('linux-7.3', 'qemu', '', 'selftest').verbs.filter((v) => v === 'launch-update');
    const fault = 'inject firmware command=0xa1 nth=3 status=7\n';
    const { verbs, world } = launched('linux-7.3', 'qemu', fault, 'selftest');
    expect(clean).toHaveLength(1);
    expect(verbs.filter((verb) => verb === 'launch-update')).toHaveLength(2);
    expect(world.vm.gstate).toBe('RUNNING');
  });

  test.each([
    ['once', 1, true],
    ['twice', 2, false],
  ])('cloud-hypervisor imports a CPUID page again that is refused %s', (_, times, succeeds) => {
    // Nine, three and one pages come before the CPUID page.
    const faults = Array.from(
      { length: times },
      (__, i) => `inject firmware command=0xa1 nth=${14 + i} status=0x16\n`,
    );
    const { world, verbs } = launched('linux-7.3', 'cloud-hypervisor', faults.join(''));
    expect([world.vm.gstate === 'RUNNING', verbs.includes('give-up')]).toEqual([succeeds, !succeeds]);
  });

  test('QEMU ends at a refused CPUID page', () => {
    const { verbs } = launched('linux-7.3', 'qemu', 'inject firmware command=0xa1 nth=14 status=0x16\n');
    expect(verbs.at(-1)).toBe('give-up');
  });
});

test('a manual host launches nothing', () => {
  expect(launched('linux-7.3', 'manual').problems.map(({ message }) => message)).toEqual([
    'the host is manual: no personality launches the VM',
  ]);
});
