import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { markdownPieces } from './markdown';

describe('a note', () => {
  test.each([
    ['plain', [{ kind: 'text', text: 'plain' }]],
    [
      'a **b** *c* `d*`',
      [
        { kind: 'text', text: 'a ' },
        { kind: 'strong', text: 'b' },
        { kind: 'text', text: ' ' },
        { kind: 'emphasis', text: 'c' },
        { kind: 'text', text: ' ' },
        { kind: 'code', text: 'd*' },
      ],
    ],
    [
      'see [the mail](https://lore.kernel.org/a?b=1).',
      [
        { kind: 'text', text: 'see ' },
        { kind: 'link', text: 'the mail', href: 'https://lore.kernel.org/a?b=1' },
        { kind: 'text', text: '.' },
      ],
    ],
    ['http://a.example/x', [{ kind: 'link', text: 'http://a.example/x', href: 'http://a.example/x' }]],
    ['2*3*4', [{ kind: 'text', text: '2*3*4' }]],
    ['entries[0](x)', [{ kind: 'text', text: 'entries[0](x)' }]],
  ])('%s', (line, pieces) => {
    expect(markdownPieces(line)).toEqual(pieces);
  });

  test.each([
    '[x](javascript:alert(1))',
    '[x](javascript:alert)',
    '[x](JaVaScRiPt:alert)',
    '[x](data:text/html,<b>)',
    '[x](vbscript:a)',
    '[x](//evil.example)',
    '[x](file:///etc/passwd)',
    '![x](https://a.example/x.png)',
    '<img src=x onerror=alert(1)>',
    '<a href="javascript:alert(1)">x</a>',
    '[x](https://)',
  ])('%s is text', (line) => {
    expect(markdownPieces(line).map(({ kind }) => kind)).not.toContain('link');
  });

  test('of any text, the pieces hold its characters in order, and links lead to the web alone', () => {
    const bits = fc.constantFrom(
      '*',
      '**',
      '`',
      '[',
      ']',
      '(',
      ')',
      '!',
      'https://a.b/',
      'javascript:',
      ' ',
      'a',
      '\n',
      '<',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(bits).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (line) => {
        let at = 0;
        for (const piece of markdownPieces(line)) {
          at = line.indexOf(piece.text, at);
          expect(at).toBeGreaterThanOrEqual(0);
          at += piece.text.length;
          if (piece.kind === 'link') expect(new URL(piece.href).protocol).toMatch(/^https?:$/);
        }
      }),
    );
  });

  test('a long note of marks takes no time', () => {
    const start = performance.now();
    for (const evil of ['*', '[', '`', '![', '**a', '[a](', 'https://']) markdownPieces(evil.repeat(50_000));
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
