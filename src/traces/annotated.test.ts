import fc from 'fast-check';
import { expect, test } from 'vitest';
import { annotatedLog, annotatedPieces, type AnnotatedLog } from './annotated';
import { plainLines } from './lines';

const annotatedText = (log: AnnotatedLog): string => annotatedPieces(log).join('');
const rawLines = (text: string) => [...plainLines(text)].map(({ raw }) => raw);

test('a log with notes and a first line is a text whose lines keep their numbers', () => {
  const log = {
    pieces: ['kvm_entry: vcpu 0, ', 'rip 0x0\nlast\n'],
    first: 801,
    notes: new Map([[802, 'who  asks?']]),
  };
  const text = annotatedText(log);
  expect(rawLines(text)).toEqual([
    'kvm_entry: vcpu 0, rip 0x0',
    'last',
    '# vmgexit: the first line is line 801',
    '# vmgexit: note on line 802: who asks?',
  ]);
  const back = annotatedLog([text.slice(0, 60), text.slice(60)]);
  expect(back).toMatchObject({ first: 801, notes: new Map([[802, 'who asks?']]) });
  expect(back.pieces.join('')).toBe(log.pieces.join(''));
});

test('a comment that is no note stays a line, and so does a note in the middle', () => {
  const text = '# vmgexit: note on line 1: in the middle\nline\n# tracer: nop\n';
  expect(annotatedLog(text)).toEqual({ pieces: [text], first: 1, notes: new Map() });
});

test('any log and any notes come back', () => {
  const note = fc.string({ minLength: 1, maxLength: 40 }).map((words) => words.replace(/\s+/g, ' ').trim());
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 30 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 10 ** 9 }),
      fc.dictionary(
        fc.integer({ min: 1, max: 10 ** 9 }).map(String),
        note.filter((words) => words !== ''),
      ),
      (lines, first, notes) => {
        const text = `${lines.join('\n')}\n`;
        const log = {
          pieces: [text],
          first,
          notes: new Map(Object.entries(notes).map(([at, words]) => [Number(at), words])),
        };
        const back = annotatedLog(annotatedText(log));
        expect(back.first).toBe(first);
        expect(back.notes).toEqual(log.notes);
        expect(rawLines(back.pieces.join(''))).toEqual(rawLines(text));
      },
    ),
  );
});
