import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rgb } from 'd3';
import { describe, expect, test } from 'vitest';

const css = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8');
const block = (selector: string): Record<string, string> => {
  const start = css.indexOf(`${selector} {`);
  const body = css.slice(start, css.indexOf('\n}', start));
  const tokens: Record<string, string> = {};
  for (const [, name = '', value = ''] of body.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)) tokens[name] = value;
  return tokens;
};
const themes = { light: block(':root'), dark: block(":root[data-theme='dark']") };
const states = ['shared', 'invalid', 'valid', 'vmsa', 'firmware', 'bad', 'none'] as const;

type Rgb = readonly [number, number, number];
const linear = (hex: string): Rgb => {
  const { r, g, b } = rgb(hex);
  const curve = (c: number) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  return [curve(r), curve(g), curve(b)];
};
const luminance = ([r, g, b]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
/** WCAG 2.2 contrast of two colours. */
const contrast = (a: string, b: string): number => {
  const [high, low] = [luminance(linear(a)), luminance(linear(b))].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
};

/** Full dichromacy in linear RGB (Viénot, Brettel and Mollon 1999 for protan and deutan; Brettel 1997, one plane, for tritan). */
const blindness: Record<string, readonly Rgb[]> = {
  none: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.11238, 0.88762, 0],
    [0.11238, 0.88762, 0],
    [0.00401, -0.00401, 1],
  ],
  deutan: [
    [0.29275, 0.70725, 0],
    [0.29275, 0.70725, 0],
    [-0.02234, 0.02234, 1],
  ],
  tritan: [
    [1, 0.1273, -0.1273],
    [0, 0.8739, 0.1261],
    [0, 0.8739, 0.1261],
  ],
};
/** CIE L*a*b* of a linear colour, D65. */
const lab = ([r, g, b]: Rgb): Rgb => {
  const xyz = [
    (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
    0.2126 * r + 0.7152 * g + 0.0722 * b,
    (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
  ].map((v) => (v > 0.008856 ? Math.cbrt(v) : 7.787 * v + 16 / 116)) as unknown as Rgb;
  return [116 * xyz[1] - 16, 500 * (xyz[0] - xyz[1]), 200 * (xyz[1] - xyz[2])];
};
const seen = (hex: string, kind: readonly Rgb[]): Rgb => {
  const c = linear(hex);
  const mixed = kind.map((row) =>
    Math.min(1, Math.max(0, row[0] * c[0] + row[1] * c[1] + row[2] * c[2])),
  ) as unknown as Rgb;
  return lab(mixed);
};
const distance = (a: Rgb, b: Rgb) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

describe.each(Object.entries(themes))('in %s', (_, theme) => {
  const at = (name: string): string => {
    const value = theme[name];
    if (value === undefined) throw new Error(`no token ${name}`);
    return value;
  };

  test.each([
    ['ink', 'paper', 7],
    ['soft', 'paper', 4.5],
    ['soft', 'now-paper', 4.5],
    ['soft', 'chosen', 4.5],
    ['ink', 'now-paper', 7],
    ['now', 'paper', 4.5],
    ['now', 'now-paper', 4.5],
    ['focus', 'paper', 3],
    ['frame', 'paper', 3],
    ['ink', 'tint-1', 7],
    ['soft', 'tint-1', 4.5],
    ['soft', 'tint-2', 4.5],
    ['soft', 'tint-3', 4.5],
    ['soft', 'tint-4', 4.5],
  ])('%s on %s has a contrast of at least %d', (front, back, least) => {
    expect(contrast(at(front), at(back))).toBeGreaterThanOrEqual(least);
  });

  test.each(states)('page state %s stands out from the page, and its letter from it', (state) => {
    expect(contrast(at(`page-${state}`), at('paper'))).toBeGreaterThanOrEqual(3);
    expect(contrast(at(`page-${state}-ink`), at(`page-${state}`))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(Object.entries(blindness))('page states stay apart with %s colour blindness', (_kind, matrix) => {
    const nearest = Math.min(
      ...states.flatMap((a, i) =>
        states
          .slice(i + 1)
          .map((b) => distance(seen(at(`page-${a}`), matrix), seen(at(`page-${b}`), matrix))),
      ),
    );
    expect(nearest).toBeGreaterThan(8);
  });
});
