import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_LESSON_BYTES, MAX_PROBLEMS } from '../base/limits';
import { lessonText } from '../testing/lessons/shipped-lessons';
import { parseLesson } from './parse';
import { linkTarget } from './prose';

const front = '---\ntitle: A lesson\nprofile: linux-7.2\nscenario: seed-06-msr-psc-psmash\nminutes: 5\n---\n';
const read = (body: string) => parseLesson(`${front}\n${body}`);
const mistakes = (body: string): string[] =>
  read(body).problems.map(({ line, message }) => `${line}: ${message}`);

test('front matter, screens and blocks are read', () => {
  const { lesson, problems } = read(
    '## One\n\nWords.\n\n```goto\nafter launch standard\n```\n\n## Two\n\n```check\nexpect guest.result == error\n```\n',
  );
  expect(problems).toEqual([]);
  expect(lesson).toMatchObject({ title: 'A lesson', minutes: 5 });
  expect(
    lesson.screens.map(({ title, where, blocks }) => [title, where.at, blocks.map(({ kind }) => kind)]),
  ).toEqual([
    ['One', 'after', ['prose']],
    ['Two', 'after', ['check']],
  ]);
});

test('a screen shows the scenario, profiles and place of the one above, until it chooses', () => {
  const { lesson } = read(
    '## One\n\n```goto\nend\n```\n\n## Two\n\n## Three\n\n```goto\nscenario linux-boot\nunder linux-6.11 v14\n```\n\n## Four\n',
  );
  expect(
    lesson.screens.map(({ setting: { scenario, profiles }, where }) => [
      scenario.text,
      profiles.map(({ text }) => text).join(' '),
      where.at,
    ]),
  ).toEqual([
    ['seed-06-msr-psc-psmash', 'linux-7.2', 'end'],
    ['seed-06-msr-psc-psmash', 'linux-7.2', 'end'],
    ['linux-boot', 'linux-6.11 v14', 'start'],
    ['linux-boot', 'linux-6.11 v14', 'start'],
  ]);
});

test.each<[string, string]>([
  ['## One\n\n```predikt\nask a\n```', "10: unknown block 'predikt'; did you mean 'predict'?"],
  ['## One\n\n```goto\nafterr launch\n```', "11: unknown word in 'goto': 'afterr'; did you mean 'after'?"],
  ['## One\n\n```goto\nstep many\n```', "11: 'step many' is no place"],
  ['## One\n\n```goto\nstart\nend\n```', "12: 'goto' goes to one place"],
  ['## One\n\n```try\ntask a\nuntil b\n```', "10: 'try' needs a line 'solution ACT'"],
  ['## One\n\n```predict\nask a\nor under v14\n```', "10: 'predict' needs one line 'of NAME'"],
  ['## One\n\n```predict\nask a\nof b\nor beneath v14\n```', "13: 'or' goes on with under PROFILE"],
  ['## One\n\n```predict\nask a\nask b\nof c\nor under v14\n```', "12: 'ask' stands twice"],
  ['## One\n\n```show\nview ladders\n```', "11: unknown view 'ladders'; did you mean 'ladder'?"],
  ['## One\n\n```show\npage x\n```', "11: 'x' is no guest frame number"],
  ['## One\n\n```check\n```', "10: 'check' claims nothing"],
  ['## One\n\n```compare\nunder v14\n```', "10: 'compare' needs two profiles"],
  ['## One\n\n<b>bold</b>', '10: raw HTML is shown as text'],
  ['## One\n\n[a](javascript:alert(1))', "10: 'javascript:alert(1)' is shown as text"],
  ['## One\n\n![a](https://example.org/a.png)', "10: the picture 'a' is not shown"],
  ['words first', '8: this stands before the first screen'],
  ['', '7: there is no screen'],
])('of %j it says %s', (body, complaint) => {
  expect(mistakes(body).join('\n')).toContain(complaint);
});

test('what is wrong in one block leaves the others', () => {
  const { lesson, problems } = read(
    '## One\n\n```predict\nask a\n```\n\nWords.\n\n```show\nview pages\n```\n',
  );
  expect(problems.length).toBeGreaterThan(0);
  expect(lesson.screens[0]?.blocks.map(({ kind }) => kind)).toEqual(['prose', 'show']);
});

test('a link leads to the web or to a place of the page', () => {
  expect(linkTarget('https://example.org/a?b#c')).toBe('https://example.org/a?b#c');
  expect(linkTarget('#/s/linux-boot?k=3')).toBe('#/s/linux-boot?k=3');
  for (const href of [
    'javascript:alert(1)',
    'data:text/html,a',
    'JaVaScript:a',
    '//example.org',
    'a.html',
    '#top',
    'file:///etc',
  ])
    expect(linkTarget(href)).toBeUndefined();
});

const piece = fc.constantFrom(
  ...[
    '---\n',
    '## a\n',
    '# ',
    '```',
    '~~~',
    '\n',
    '\n\n',
    ' ',
    '\t',
    '> ',
    '- ',
    '1. ',
    '    ',
    '|',
    '|-|\n',
    '**',
    '_',
    '`',
    '[',
    ']',
    '(',
    ')',
    '![',
    '<a href=x>',
    '</',
    '<!--',
    '&amp;',
    '\\',
    '\r',
  ],
  ...[
    'predict',
    'goto',
    'try',
    'ask a',
    'of b',
    'or under c',
    'until ',
    'solution ',
    'title: a',
    'https://a.b',
    '\u0000',
    '𝛼',
    '\ud800',
  ],
);

test('any text is read in little time, with a bounded list of mistakes', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(piece, { maxLength: 200 }).map((all) => front + all.join('')),
      ),
      (text) => {
        const { lesson, problems } = parseLesson(text);
        expect(problems.length).toBeLessThanOrEqual(MAX_PROBLEMS);
        for (const { line } of problems) expect(line).toBeGreaterThan(0);
        expect(lesson.screens.every(({ title }) => title !== '')).toBe(true);
      },
    ),
    { numRuns: 40 },
  );
});

test.each([
  ['brackets', '['.repeat(MAX_LESSON_BYTES)],
  ['backquotes', '`'.repeat(MAX_LESSON_BYTES)],
  ['stars', '*a '.repeat(MAX_LESSON_BYTES / 3)],
  ['underscores', '_*'.repeat(MAX_LESSON_BYTES / 2)],
  ['quotes', '> '.repeat(MAX_LESSON_BYTES / 2)],
  ['lists', '- '.repeat(MAX_LESSON_BYTES / 2)],
  ['tags', '<a '.repeat(MAX_LESSON_BYTES / 3)],
  ['cells', '|a'.repeat(MAX_LESSON_BYTES / 2)],
  ['paragraphs of brackets', `${'![['.repeat(1300)}\n\n`.repeat(32)],
  ['paragraphs of stars', `${'**a_'.repeat(1000)}\n\n`.repeat(32)],
  ['paragraphs of as many stars as are read', `${'**a_'.repeat(133)}\n\n`.repeat(240)],
  ['fences', '```predict\nask\n```\n'.repeat(6000)],
])('a lesson of %s takes no more than a moment', (_, body) => {
  const begun = performance.now();
  read(`## One\n\n${body}`);
  expect(performance.now() - begun).toBeLessThan(5_000);
});

test('changed shipped lessons are read', () => {
  const text = lessonText('page-changes-hands');
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(200), fc.string(), (at, length, by) => {
      const { problems } = parseLesson(text.slice(0, at) + by + text.slice(at + length));
      expect(problems.length).toBeLessThanOrEqual(MAX_PROBLEMS);
    }),
    { numRuns: 50 },
  );
});
