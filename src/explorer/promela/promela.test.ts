import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseProfileSpec, profile, type ProfileName, type ResolvedProfile } from '../../profiles/resolve';
import { parseScenario, problemText } from '../../scenarios/parse';
import { printScenario } from '../../scenarios/print';
import type { Scenario } from '../../scenarios/scenario';
import { runs } from '../../testing/effort';
import { fittedFacets } from './facets';
import { modelSources, type ModelId } from './models';
import { parseTrail, readTrail } from './trail';
import { promelaOf } from './writer';

function scenarioOf(lines: string, head = 'vm vcpus=2 memory=4M'): Scenario {
  const parsed = parseScenario(
    `ghcb-scenario 1\n${head}\nguest manual\nhost manual\nlaunch standard\nv0 make-vmsa gpa=0x121000\n${lines}\nend ghcb-scenario\n`,
  );
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.scenario;
}
const resolved = (spec: string): ResolvedProfile => {
  const parsed = parseProfileSpec(spec);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
};
function written(scenario: Scenario, spec = 'linux-7.2') {
  const promela = promelaOf(scenario, resolved(spec));
  if (!promela.ok) throw new Error(promela.error.message);
  return promela.value;
}

const ap = `explore threads
explore v0 ap-create target=1 vmsa=0x121000
explore 2x v0 ap-destroy target=1
explore v0 init target=1
explore v0 sipi target=1
explore vmm run vcpu=1`;

/** What a model's own block says of a profile: `#define _NAME value`. */
function blockOf(model: ModelId, name: string): Record<string, string> {
  const word = name.toUpperCase().replace(/[-.]/g, '_');
  const [, block = ''] = modelSources[model].split(`#if PROFILE == ${word}\n`);
  const [lines = ''] = block.split('#endif');
  return Object.fromEntries(
    [...lines.matchAll(/^#define _(\w+) (\w+)$/gm)].map(([, key = '', value = '']): [string, string] => [
      key,
      value,
    ]),
  );
}

const ids: ProfileName[] = ['part2-v4', 'linux-6.12', 'linux-6.17', 'linux-7.2', 'linux-7.3'];
describe.each(ids)('%s', (id) => {
  test.each(['ap-lifecycle', 'psc'] as const)('its facets are what the block of %s says', (model) => {
    const { defines, lacks } = fittedFacets(model, profile(id));
    const block = blockOf(model, id);
    expect(Object.keys(block).length).toBeGreaterThan(4);
    expect(Object.fromEntries(Object.entries(defines).map(([name, value]) => [name, String(value)]))).toEqual(
      block,
    );
    expect(lacks).toEqual([]);
  });
});

test('a scope becomes parameters: what is bounded is counted, what is not named never happens', () => {
  const { model, defines, says, text } = written(scenarioOf(ap));
  expect(model).toBe('ap-lifecycle');
  expect(defines).toMatchObject({
    VCPUS: 2,
    PAGES: 1,
    START: 2,
    WAKE_AT_ONCE: 0,
    CREATES: 'ANY',
    CREATES_ON_INIT: 0,
    DESTROYS: 2,
    INITS: 'ANY',
    HOLDS: 0,
    VMRUN_GUARD: 'rejectInvalidVmsa',
  });
  expect(says).toBe('The model covers the whole scope.');
  expect(text).toContain('#define DESTROYS 2\n');
});

test('acts, facets and a state that the model has not are named in one sentence', () => {
  const scenario = scenarioOf(`v0 init-sipi target=1\nvmm run vcpu=1\n${ap}\nexplore v0 triple-fault`);
  const { says } = written(scenario, 'linux-7.2:ap.doubleCreate=reject');
  expect(says).toMatch(
    /^The model does not cover ap\.doubleCreate=reject; v1 as it stands at first \(.+\); v0 triple-fault\.$/,
  );
});

test('a scope of page state changes has its pages by number, neighbours beside each other', () => {
  const { model, defines, says } = written(
    scenarioOf(`explore 1x v0 psc entries=private:0x100,shared:0x101,private:0x110
explore 2x v0 msr-psc gfn=0x100 op=shared
explore vmm answer vcpu=0 ret=0|22
explore vmm run vcpu=0`),
    'linux-6.12',
  );
  expect(model).toBe('psc');
  expect(defines).toMatchObject({
    PAGES: 4,
    ENTRIES: 3,
    BATCHES: 1,
    WRITES: 3,
    MSRS: 2,
    FAILURES: 'ANY',
    RET_INIT: 'stale',
  });
  expect(says).toContain('allows more');
});

test('a scope of other acts has no model', () => {
  const promela = promelaOf(scenarioOf('explore v0 triple-fault'), profile('linux-7.2'));
  expect(promela.ok ? '' : promela.error.message).toContain('no Promela model has an act of this scope');
});

/** As `spin -t` prints it. */
const trail = `      act guest destroy vcpu=1
      act vmm run vcpu=1
      act guest sipi vcpu=1
      act kvm wake vcpu=1
spin: model.pml:479, Error: assertion violated
spin: text of failed assertion: assert(((4!=4)||(!(created[_pid]))))
#processes: 1
`;

test('a trail is acts with their lines, and the property that its assertion names', () => {
  const parsed = parseTrail(trail);
  expect(parsed.ok && parsed.value.acts.map(({ line, words }) => [line, words.verb])).toEqual([
    [1, 'destroy'],
    [2, 'run'],
    [3, 'sipi'],
    [4, 'wake'],
  ]);
  expect(parsed.ok && parsed.value.property).toBe(4);
});

test('a trail becomes a scenario that runs, and it is said whether it shows the violation', () => {
  const twice = trail.replace(
    /^[^]*?(?=spin:)/,
    '  act guest create vcpu=1 page=1\n  act guest create vcpu=1 page=1\n',
  );
  const read = readTrail(scenarioOf(ap), profile('linux-7.2'), twice);
  expect(read.ok && [read.value.invariant, read.value.isShown]).toEqual(['NoDoubleCreate', true]);
  expect(read.ok && printScenario(read.value.scenario)).toContain('v0      ap-create target=1 vmsa=0x121000');
  const once = readTrail(scenarioOf(ap), profile('linux-7.2'), twice.replace(/^.*\n/, ''));
  expect(once.ok && once.value.isShown).toBe(false);
});

test.each([
  ['act guest fly vcpu=1', "line 2: 'guest fly vcpu=1' is no act of this scenario"],
  ['act guest hold-msr vcpu=1', 'line 2: this act cannot be taken here: '],
  ['act guest psc', 'line 2: acts of two models stand in one trail'],
  ['act nobody', "line 2: 'act nobody' is no act of a model"],
])('a trail with %s does not fit, and its line is named', (line, says) => {
  const read = readTrail(scenarioOf(ap), profile('linux-7.2'), `act guest init vcpu=1\n${line}\n`);
  expect(read.ok ? '' : `${read.error.place}: ${read.error.message}`).toContain(says);
});

test('any text is read as a trail or refused', () => {
  const words = fc.constantFrom(
    'act',
    'guest',
    'vmm',
    'kvm',
    'create',
    'run',
    'psc',
    'vcpu=1',
    'page=2',
    'gfn=0',
    'op=9',
    '\n',
    '=',
  );
  const texts = fc.oneof(
    fc.string(),
    fc.array(words, { maxLength: 12 }).map((parts) => parts.join(' ')),
  );
  fc.assert(
    fc.property(texts, (text) => void parseTrail(text)),
    { numRuns: runs(300) },
  );
  const scenario = scenarioOf(ap);
  const lines = fc.array(
    fc.tuple(fc.constantFrom('create', 'init', 'run', 'wake', 'set-mp-state', 'write-entry'), words),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(lines, (some) => {
      const text = some.map(([verb, word]) => `act guest ${verb} ${word}`).join('\n');
      void readTrail(scenario, profile('linux-7.2'), text);
    }),
    { numRuns: runs(20) },
  );
});
