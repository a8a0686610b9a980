/** Violations that the search found and the list of the documents does not name; docs/models.md says where each comes from. */
import { describe, expect, test } from 'vitest';
import { finish } from '../../base/resumable';
import type { InvariantName } from '../../engine/rules/invariants';
import { profile, type ProfileName } from '../../profiles/resolve';
import { memoryTape } from '../../scenarios/memory-tape';
import { parseScenario, problemText } from '../../scenarios/parse';
import { runScenario } from '../../scenarios/run';
import type { Scenario } from '../../scenarios/scenario';
import { explore } from './exploration';

function scenarioOf(lines: string, launch = 'launch standard'): Scenario {
  const parsed = parseScenario(
    `ghcb-scenario 1\nvm vcpus=2 memory=4M\nguest manual\nhost manual\n${launch}\n${lines}\nend ghcb-scenario\n`,
  );
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.scenario;
}
function shows(lines: string, id: ProfileName, invariant: InvariantName, launch?: string): boolean {
  const { expectations, problems } = runScenario(
    scenarioOf(`${lines}\n? violations.${invariant} > 0`, launch),
    profile(id),
    memoryTape,
  );
  expect(problems).toEqual([]);
  return expectations.every(({ ok }) => ok);
}

const hole = `v0 make-vmsa gpa=0x121000
v0 ap-create target=1 vmsa=0x121000
vmm punch-hole gfn=0x121 n=1`;

describe('a hole under a VMSA that a vCPU was asked to take', () => {
  test.each(['linux-6.11', 'linux-6.12', 'linux-6.17', 'linux-7.2', 'linux-7.3'] as const)(
    '%s enters the vCPU on a fresh page after INIT and SIPI, and VMRUN refuses it',
    (id) => {
      expect(
        shows(`${hole}\nv0 init-sipi target=1\nvmm run vcpu=1\nvmm run vcpu=1`, id, 'NoRunWithoutVmsa'),
      ).toBe(true);
    },
  );
  test.each(['v11', 'v14'] as const)('%s needs no INIT: a request wakes a vCPU that never ran', (id) => {
    expect(shows(`${hole}\nvmm run vcpu=1`, id, 'NoRunWithoutVmsa')).toBe(true);
  });
});

const unfinished = `vmm create-vm
vmm init2
vmm launch-start
vmm memslot gfn=0x0 n=1024
vmm create-vcpu
vmm create-vcpu`;

test.each(['linux-6.12', 'linux-7.3'] as const)(
  '%s: KVM_SET_MP_STATE of another thread waits for the KVM_RUN of a vCPU that sleeps, which only a signal ends',
  (id) => {
    const waits = 'vmm run vcpu=1\nvmm set-mp-state vcpu=1 state=RUNNABLE thread=main';
    expect(shows(waits, id, 'WaitEnds', unfinished)).toBe(true);
    expect(shows(waits, id, 'WaitEnds')).toBe(false); // v0 runs and may send INIT
  },
);

test('as-reviewed: a CREATE that was accepted and could not be applied leaves the vCPU as one that was never created', () => {
  const asked =
    'v0 make-vmsa gpa=0x121000\nv0 init-sipi target=1\nvmm run vcpu=1\nv1 hold form=msr\nv0 ap-create target=1 vmsa=0x7fff000';
  expect(shows(`${asked}\nv0 ap-create target=1 vmsa=0x121000`, 'as-reviewed', 'NoDoubleCreate')).toBe(true);
});

test.each(['as-reviewed', 'linux-6.12', 'linux-7.3'] as const)(
  '%s: a guest that rewrites the header between two exits has asked for what KVM read of it',
  (id) => {
    const scope = scenarioOf(`v0 init-sipi target=1
kvm wake vcpu=1
vmm run vcpu=1
explore 1x v0 psc entries=private:0x100,private:0x110
explore 1x v1 write gpa=0x3ff800 private=no value=0|0x10001
explore vmm answer vcpu=0 ret=0
explore vmm run vcpu=0
explore invariants NoUnrequestedConversion`);
    const exploration = explore(scope, [profile(id)]);
    if (!exploration.ok) throw new Error(exploration.error.message);
    const [found] = finish(exploration.value.parts);
    expect(found?.searched.end).toBe('exhausted');
    expect(found?.searched.answers.map(({ way }) => way)).toEqual([undefined]);
  },
);
