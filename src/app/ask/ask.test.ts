import { describe, expect, test } from 'vitest';
import { declaredEntries } from './entries';
import type { AskEntry } from './entry';
import { linkUnder, parseQuery } from './query';
import { askIndex } from './search';

const scenarios: readonly AskEntry[] = [
  {
    id: 'scenario-front',
    kind: 'scenario',
    title: 'AP_CREATE on a vCPU that is created-on-init',
    words: 'ap-create-on-init-then-create',
    link: '#/s/ap-create-on-init-then-create',
  },
];
const ask = askIndex([...declaredEntries(), ...scenarios]);
const first = (text: string): AskEntry | undefined => ask.find(parseQuery(text).words, 5)[0];

describe('what a few words find first', () => {
  test.each<[string, string]>([
    ['ap-create created', 'cell-vcpu/created-on-init/ap-create'],
    ['AP_CREATE on created-on-init, v4 against 7.2', 'cell-vcpu/created-on-init/ap-create'],
    ['sipi destroyed launch', 'cell-vcpu/destroyed-launch/sipi'],
    ['nmi halted', 'cell-vcpu/halted/nmi'],
    ['no double create', 'invariant-NoDoubleCreate'],
    ['ap.doubleCreate', 'facet-ap.doubleCreate'],
    ['linux-7.2', 'profile-linux-7.2'],
  ])('%s', (text, id) => {
    expect(first(text)?.id).toBe(id);
  });

  test('for a question that nothing answers there are three entries that are called most like it', () => {
    expect(ask.find('zzzqqq', 5)).toEqual([]);
    const near = ask.nearest('dubblecreat', 3);
    expect(near).toHaveLength(3);
    expect(near.map(({ title }) => title).join(' ')).toMatch(/double ?create/i);
  });

  test('a slip of the pen in a long word is forgiven', () => {
    expect(ask.find('creatde-on-init ap-create', 5).map(({ id }) => id)).toContain(
      'cell-vcpu/created-on-init/ap-create',
    );
  });

  test('a field is found by its name and its layout', () => {
    expect(ask.find('sev_features vmsa', 5).map(({ id }) => id)).toContain('field-vmsa-sevFeatures');
  });

  test('what nothing is called finds nothing', () => {
    expect(ask.find('zzyzx', 5)).toEqual([]);
  });
});

describe('profiles named in a query', () => {
  test.each<[string, string, string[]]>([
    ['ap-create created v4 7.2', 'ap-create created', ['part2-v4', 'linux-7.2']],
    ['finish failed as-reviewed', 'finish failed', ['as-reviewed']],
    ['v11', 'v11', []],
    ['psc unsmash', 'psc unsmash', []],
  ])('%s', (text, words, profiles) => {
    expect(parseQuery(text)).toEqual({ words, profiles });
  });

  test('go into the link of what was found', () => {
    expect(linkUnder('#/m/vcpu/destroyed/sipi', ['part2-v4', 'linux-7.2'])).toBe(
      '#/m/vcpu/destroyed/sipi?r=part2-v4,linux-7.2',
    );
  });
});
