import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAddress, printAddress, type Showing, type Target } from './url';

test.each<[string, Target]>([
  ['', { kind: 'front' }],
  ['#/', { kind: 'front' }],
  ['#/s/linux-boot', { kind: 'scenario', slug: 'linux-boot' }],
  ['#/x/1.abc-_9', { kind: 'packed', codec: 1, payload: 'abc-_9' }],
  [
    '#/m/vcpu/created-on-init/ap-create',
    { kind: 'view', view: 'matrix', path: ['vcpu', 'created-on-init', 'ap-create'] },
  ],
  ['#/l/page-changes-hands', { kind: 'lesson', of: { slug: 'page-changes-hands' }, screen: 1 }],
  ['#/l/page-changes-hands/4', { kind: 'lesson', of: { slug: 'page-changes-hands' }, screen: 4 }],
  ['#/l/x/2.abc-_9/3', { kind: 'lesson', of: { codec: 2, payload: 'abc-_9' }, screen: 3 }],
  ['#/r/hung-ap', { kind: 'recording', slug: 'hung-ap' }],
  ['#/d/msr/0x21100', { kind: 'view', view: 'decode', path: ['msr', '0x21100'] }],
])('%s opens %o', (hash, target) => {
  expect(parseAddress(hash)).toMatchObject({ target, remarks: [] });
});

test.each(['#/l/page-changes-hands/4', '#/l/x/2.abc-_9/3'])(
  'the address of a lesson is read and written: %s',
  (hash) => {
    expect(printAddress(parseAddress(hash).target)).toBe(hash);
  },
);

test.each([
  ['#/s/linux-boot?k=5>', 'characters after its end'],
  ['#/s/linux-boot?k=5.', 'characters after its end'],
  ['#/s/linux-boot?k=3D5', 'quoted-printable'],
  ['#/s/linux-boot?r=linux-7.2&amp;k=5', '&amp;'],
  ['#/s/linux-%0Aboot?k=5', 'blanks and line ends'],
])('%s is mended, and says so', (hash, remark) => {
  const address = parseAddress(hash);
  expect(address.target).toEqual({ kind: 'scenario', slug: 'linux-boot' });
  expect(address.showing.step).toBe(5);
  expect(address.remarks.join()).toContain(remark);
});

test.each(['differs', 'text ~ "PSC – é" and v0.exit == HYPERCALL', '&k=3 #/x/'])(
  'the filter %s survives a link',
  (filter) => {
    const link = printAddress({ kind: 'front' }, { filter });
    expect(link).toMatch(/^#[A-Za-z0-9\-_.~/?&=,:]*$/);
    expect(parseAddress(link)).toMatchObject({ showing: { filter }, remarks: [] });
  },
);

test.each<[string, Showing['beside']]>([
  ['b=s/psc-batch', { target: { kind: 'scenario', slug: 'psc-batch' } }],
  [
    'b=x/2.abc-_9&rb=part2-v4',
    { target: { kind: 'packed', codec: 2, payload: 'abc-_9' }, specs: ['part2-v4'] },
  ],
  ['b=r/hung-ap', { target: { kind: 'recording', slug: 'hung-ap' } }],
])('what stands beside a run is in the link: %s', (query, beside) => {
  const link = `#/s/psc-batch?${query}`;
  expect(parseAddress(link)).toMatchObject({ showing: { beside }, remarks: [] });
  expect(printAddress({ kind: 'scenario', slug: 'psc-batch' }, beside && { beside })).toBe(link);
});

test.each(['b=m/vcpu', 'b=', 'b=x/2', 'b=../s'])(
  'nothing stands beside a run by a damaged link: %s',
  (query) => {
    const { showing, remarks } = parseAddress(`#/s/psc-batch?${query}&k=3`);
    expect([showing.beside, showing.step, remarks.length]).toEqual([undefined, 3, 1]);
  },
);

test('a damaged filter is left out, and the link says so', () => {
  expect(parseAddress('#/?f=a&k=1').remarks.join()).toContain('filter in the link is damaged');
  expect(parseAddress('#/?f=__79').showing.filter).toBeUndefined();
});

test.each([
  ['#/q/later', 'does not know links of the kind "/q/later"'],
  ['#/q/psc/4', 'does not know links of the kind "/q/psc/4"'],
  ['#/s/linux-boot?k=5&new=1', 'does not know "new"'],
  ['#/s/linux-boot?e=0.1.0.12', 'end of the link is missing'],
  ['#/s/linux-boot?k=last', '"k=last" is no step'],
])('%s opens what it can and names what it skipped', (hash, remark) => {
  expect(parseAddress(hash).remarks.join()).toContain(remark);
});

test.each([
  `#/s/psc-batch${'%'.repeat(60_000)}`,
  `#/s/${'a'.repeat(60_000)}`,
  `#/s/psc-batch?k=${'x'.repeat(60_000)}`,
  `#/s/psc-batch?${'x'.repeat(60_000)}=1`,
  `#/s/psc-batch?k=5${'&x=1'.repeat(20_000)}`,
  `#/s/psc-batch?panels=${'wheel,'.repeat(10_000)}wheel`,
])('of long link %# each thing is said once, in one short sentence', (hash) => {
  const { remarks } = parseAddress(hash);
  expect(remarks).toHaveLength(1);
  expect(remarks[0]?.length).toBeLessThan(200);
});

test('what is written is read back, in characters that mail leaves alone', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
  const spec = fc.oneof(word, fc.constant('linux-7.2:ap.doubleCreate=reject:ap.onError=gp+offline'));
  const showing = fc.record(
    {
      step: fc.nat(),
      view: word,
      profiles: fc.array(spec, { minLength: 1, maxLength: 9 }),
      selection: word.map((w) => `page:${w}`),
      theme: fc.constantFrom('light' as const, 'dark' as const),
      engine: fc.record({ version: fc.constant('0.1.0'), digest: fc.stringMatching(/^[0-9a-f]{8}$/) }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(word, showing, (slug, shown: Showing) => {
      const text = printAddress({ kind: 'scenario', slug }, shown);
      expect(text).toMatch(/^#[A-Za-z0-9\-_.~/?&=,:]*$/);
      expect(parseAddress(text)).toEqual({ target: { kind: 'scenario', slug }, showing: shown, remarks: [] });
    }),
  );
});

test('a profile whose punctuation a chat encoded is read as it was written', () => {
  const { showing } = parseAddress('#/s/psc-batch?r=linux-7.2%3Aap.onError%3Dgp%2Boffline%2Cv14');
  expect(showing.profiles).toEqual(['linux-7.2:ap.onError=gp+offline', 'v14']);
});
