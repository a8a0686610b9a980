import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readTrail } from '../../src/explorer/promela/trail';
import { promelaOf } from '../../src/explorer/promela/writer';
import { profile, type ProfileName } from '../../src/profiles/resolve';
import { memoryTape } from '../../src/scenarios/memory-tape';
import { parseScenario, problemText } from '../../src/scenarios/parse';
import { printScenario } from '../../src/scenarios/print';
import { runScenario } from '../../src/scenarios/run';
import type { Scenario } from '../../src/scenarios/scenario';
import { sampled } from '../../src/testing/effort';
import { missingProgram, trailOf } from './spin.mjs';

function scenarioOf(text: string): Scenario {
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.scenario;
}
const shipped = (name: string): Scenario =>
  scenarioOf(readFileSync(new URL(`../../public/scenarios/${name}.ghcb`, import.meta.url), 'utf8'));

const manual = (lines: string): Scenario =>
  scenarioOf(`ghcb-scenario 1
vm vcpus=2 memory=4M
guest manual
host manual
launch standard
v0 make-vmsa gpa=0x121000
${lines}
end ghcb-scenario
`);
const ap = manual(`explore threads
explore v0 ap-create target=1 vmsa=0x121000|0x7fff000
explore v0 ap-create-on-init target=1 vmsa=0x121000
explore v0 ap-destroy target=1
explore v0 init target=1
explore v0 sipi target=1
explore v1 hold form=nae|msr
explore v1 hlt
explore vmm signal vcpu=1
explore vmm set-mp-state vcpu=1 state=RUNNABLE
explore vmm run vcpu=1`);
const psc = manual(`explore 1x v0 psc entries=private:0x100,shared:0x101
explore 1x v0 msr-psc gfn=0x100 op=shared
explore vmm answer vcpu=0 ret=0|22
explore vmm set-attributes gfn=0x100 n=1 private=no
explore vmm run vcpu=0`);

interface Case {
  readonly what: string;
  readonly scenario: Scenario;
  readonly id: ProfileName;
  readonly property: string;
}
const cases: readonly Case[] = [
  { what: 'ap', scenario: ap, id: 'linux-7.2', property: 'DestroySticky' },
  { what: 'ap', scenario: ap, id: 'linux-6.12', property: 'NoRunWithoutVmsa' },
  { what: 'ap', scenario: ap, id: 'part2-v4', property: 'OfflineDistinguishable' },
  { what: 'ap', scenario: ap, id: 'linux-7.3', property: 'ArmedDistinguishable' },
  { what: 'ap', scenario: ap, id: 'linux-7.3', property: 'NoDoubleCreate' },
  { what: 'explore-ap', scenario: shipped('explore-ap'), id: 'linux-7.2', property: 'DestroySticky' },
  { what: 'psc', scenario: psc, id: 'linux-6.12', property: 'NoStaleReturn' },
  { what: 'psc', scenario: psc, id: 'linux-7.2', property: 'PscReportsTruth' },
  { what: 'explore-psc', scenario: shipped('explore-psc'), id: 'linux-6.12', property: 'NoStaleReturn' },
];

const missing = missingProgram();
describe.skipIf(missing !== '')(missing === '' ? 'a scope, SPIN, and back' : `skipped: ${missing}`, () => {
  test.each(sampled(cases, 1))(
    '$what under $id: what SPIN finds of $property is a scenario that shows it',
    ({ scenario, id, property }) => {
      const model = promelaOf(scenario, profile(id));
      if (!model.ok) throw new Error(model.error.message);
      const trail = trailOf(model.value.text, property);
      expect(trail).toContain('assertion violated');
      const read = readTrail(scenario, profile(id), trail);
      if (!read.ok) throw new Error(`${read.error.place}: ${read.error.message}\n${trail}`);
      expect(read.value.invariant).toBe(
        property === 'ArmedDistinguishable' ? 'OfflineDistinguishable' : property,
      );
      const printed = printScenario(read.value.scenario);
      const run = runScenario(scenarioOf(printed), profile(id), memoryTape);
      expect(run.problems).toEqual([]);
      expect(
        run.expectations.map(({ ok }) => ok),
        printed,
      ).toEqual([true]);
      expect(read.value.isShown).toBe(true);
    },
  );
});
