import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Picture } from '../../drawings/picture';
import { isSvg } from './is-svg';
import { readPicture } from './read';
import { svgText } from './svg';

const style = { colourOf: () => '#000', mono: 'monospace', sans: 'sans-serif' };
const empty: Picture = { name: 'a', title: 'a', description: 'a', width: 1, height: 1, shapes: [] };
const scenario = 'ghcb-scenario 1\ntitle   a < b & "c" > d\nv0      hlt\nend ghcb-scenario\n';
const svg = svgText(empty, style, { scenario, address: '#/s/a?k=3&v=pages' });

describe('a picture that is dropped', () => {
  test('gives its scenario and address back, character by character', () => {
    expect(isSvg(svg)).toBe(true);
    expect(readPicture(svg)).toEqual({ ok: true, value: { scenario, address: '#/s/a?k=3&v=pages' } });
  });

  test.each([
    ['another prefix', svg.replaceAll('v:', 'ns0:')],
    ['no prefix', svg.replaceAll(/<(\/?)v:/g, '<$1')],
    ['CDATA', svg.replace(/(<v:scenario[^>]*>)[^<]*/, `$1<![CDATA[${scenario}]]>`)],
    ['numbers for characters', svg.replaceAll('&lt;', '&#60;').replaceAll('&amp;', '&#x26;')],
  ])('is read as other programs write it: %s', (_, text) => {
    expect(readPicture(text)).toMatchObject({ ok: true, value: { scenario } });
  });

  test.each([
    [
      'another SVG',
      '<svg xmlns="http://www.w3.org/2000/svg"><scenario>ghcb-scenario 1</scenario></svg>',
      /no picture of this page/,
    ],
    ['one that is cut off', svg.slice(0, svg.indexOf('end ghcb')), /neither/],
    [
      'elements in the scenario',
      svg.replace('v0      hlt', '<script>alert(1)</script>').replace(/<v:address>[^<]*<\/v:address>/, ''),
      /neither/,
    ],
  ])('%s is refused with a sentence', (_, text, message) => {
    const read = readPicture(text);
    expect(read.ok ? '' : read.error.message).toMatch(message);
  });

  test('any text, cut and damaged anywhere, is read or refused', () => {
    fc.assert(
      fc.property(fc.nat(svg.length), fc.nat(svg.length), fc.string({ unit: 'binary' }), (from, to, put) => {
        const damaged = svg.slice(0, Math.min(from, to)) + put + svg.slice(Math.max(from, to));
        expect(() => [isSvg(damaged), readPicture(damaged)]).not.toThrow();
      }),
    );
  });

  test('any scenario comes back as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const read = readPicture(svgText(empty, style, { scenario: text, address: text }));
        const clean = text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
        expect(read).toEqual({ ok: true, value: { scenario: clean, address: clean } });
      }),
    );
  });

  test.each([
    '<svg>',
    '<?xml version="1.0"?>\n<!-- made by -->\n<svg:svg xmlns:svg="x">',
    '\ufeff<svg width="1">',
  ])('%s is an SVG', (text) => expect(isSvg(text)).toBe(true));
  test.each(['', 'svg', '<html><svg></svg></html>', '> <svg>'])('"%s" is none', (text) => {
    expect(isSvg(text)).toBe(false);
  });
});
