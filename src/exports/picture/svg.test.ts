import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Picture } from '../../drawings/picture';
import { svgText } from './svg';

const style = { colourOf: (token: string) => `#${token}`, mono: "'A B', monospace", sans: 'sans-serif' };
const picture = (text: string): Picture => ({
  name: 'test',
  title: text,
  description: text,
  width: 100,
  height: 50.123,
  shapes: [
    { kind: 'text', x: 1, y: 2, text, halo: 'paper' },
    { kind: 'rect', x: 0, y: 0, width: 3, height: 4, fill: 'ink', hatch: { kind: 'cross', paint: 'soft' } },
    { kind: 'group', x: 5, y: 6, shapes: [{ kind: 'line', x1: 0, y1: 0, x2: 1, y2: 1, stroke: 'ink' }] },
  ],
});

test('what a person wrote is text in the file, never markup', () => {
  const evil = '</metadata><script>alert(1)</script><image href="x"/> & "quoted" \u0000\ud800';
  const svg = svgText(picture(evil), style, { scenario: evil, address: '#/s/x?k=1&v=pages' });
  expect(svg).not.toContain('<script');
  expect(svg).not.toContain('<image');
  expect(svg).toContain('&lt;/metadata&gt;&lt;script&gt;alert(1)');
  expect(svg).toContain('&amp; &quot;quoted&quot; \ufffd\ufffd');
});

test('any text leaves as many elements, and nothing that XML does not allow', () => {
  const elements = (svg: string): number => svg.split('<').length;
  const usual = elements(svgText(picture('a'), style, { scenario: 'a', address: '#/' }));
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const svg = svgText(picture(text), style, { scenario: text, address: text });
      expect(elements(svg)).toBe(usual);
      const codes = [...svg].map((character) => character.codePointAt(0) ?? 0);
      expect(codes.filter((code) => code < 32 && ![9, 10, 13].includes(code))).toEqual([]);
      expect(codes.filter((code) => code === 0xfffe || code === 0xffff)).toEqual([]);
    }),
  );
});

test('colours are resolved, and nothing refers to anything outside', () => {
  const svg = svgText(picture('a'), style, { address: '#/' });
  expect(svg).toContain('fill="#ink"');
  expect(svg).not.toMatch(/var\(|href|@import|url\((?!#)/);
});
