import fc from 'fast-check';
import { expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { incomingOf } from './incoming';
import { pack } from '../views/shared/pack';
import { printWorkFile } from './own-work/file';

const scenario = 'ghcb-scenario 1\ntitle   a\nend ghcb-scenario\n';

test.each([
  ['a scenario', scenario, 'scenario'],
  [
    'a scenario in a quoted mail',
    `On Monday she wrote:\n> > ${scenario.replaceAll('\n', '\n> > ')}`,
    'scenario',
  ],
  ['a link', `https://example.org/vmgexit/#/x/2.${finish(pack(scenario))}?k=3`, 'link'],
  ['a link in angle brackets', '<https://example.org/#/s/linux-boot?k=5>', 'link'],
  ['a link that a mail client wrapped', 'https://example.org/#/s/linux-\nboot?k=5', 'link'],
  ['a link of a card', 'http://127.0.0.1:4173/#/m/vcpu/created-on-init/ap-create', 'link'],
  ['a link of the front page', 'https://example.org/#/?r=linux-7.2&k=83', 'link'],
  ['a link in a sentence', 'Look at https://example.org/#/s/linux-boot?k=5. It hangs there.', 'link'],
  ['a short mail with its link', '> A title\n>\n>   https://example.org/a#/s/linux-boot?k=5\n', 'link'],
  ['a mail with a link and a scenario', `https://example.org/#/s/a see below\n${scenario}`, 'scenario'],
  ['a text with two links', 'https://example.org/#/s/a https://example.org/#/s/b', 'value'],
  ['a front page that may be any site', 'https://example.org/#/', 'value'],
  ['a link to another site', 'https://example.org/page#section', 'value'],
  [
    'a lesson',
    '---\ntitle: a\nprofile: linux-7.2\nscenario: linux-boot\nminutes: 5\n---\n## One\n',
    'lesson',
  ],
  ['a trail that SPIN printed', 'spin: trail ends\n\t  act guest init vcpu=1\n#processes: 2\n', 'trail'],
  ['a trail as pan writes it', '-2:3:-2\n-4:-4:-4\n1:0:12\n2:1:4\n', 'trail'],
  ['a log with the word act', 'kvm: the act guest begins\n12:30:01 up\n', 'value'],
  ['a recording', '{"format":"vmgexit-recording","version":1}\n', 'recording'],
  ['a file of works', printWorkFile([]), 'works'],
  ['a GHCB MSR value', '0x0000000000021014', 'value'],
  ['a line of a log', 'kvm_vmgexit_enter: vcpu 0, exit_reason 0x80000010', 'value'],
  ['a mail that talks about a scenario', 'The word ghcb-scenario begins a file.', 'value'],
])('%s is taken as what it is', (_, text, kind) => {
  expect(incomingOf(text).kind).toBe(kind);
});

test('a link in a sentence ends where the sentence does not belong to it', () => {
  expect(incomingOf('See https://example.org/#/s/linux-boot?k=5.')).toEqual({
    kind: 'link',
    hash: '#/s/linux-boot?k=5',
  });
});

test('any text is something', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(['scenario', 'works', 'recording', 'picture', 'lesson', 'trail', 'link', 'value']).toContain(
        incomingOf(text).kind,
      );
    }),
  );
});
