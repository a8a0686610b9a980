import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { frontPage } from './front-page';

const text = readFileSync('public/scenarios/ap-create-on-init-then-create.ghcb', 'utf8');
const css = readFileSync('src/views/shared/tokens.css', 'utf8');

test('the front page is the comparison that the engine makes: the answer, the steps, the picture', () => {
  const { html, svg } = frontPage(text, css, '#/s/x');
  expect(html).toMatch(/They differ at step \d+, v0 ap-create target=1 vmsa=0x122000/);
  expect(html).toContain('A part2-v4, B as-reviewed, C linux-7.2');
  // Where A and C answer and B refuses, the table has a row for each.
  const split = [...html.matchAll(/<tr><td>(\d+)<\/td><td>([A-C]+)<\/td>/g)].map(
    ([, step, who]) => `${step} ${who}`,
  );
  expect(split.length).toBeGreaterThan(4);
  expect(new Set(split).size).toBe(split.length);
  expect(svg).toContain('ap-create target=1 vmsa=0x122000');
  expect(svg).toMatch(/stroke-dasharray/);
  expect(svg).not.toMatch(/var\(|href=|<script/);
});

test('another run of the model is another front page', () => {
  const same = text.replace('profile part2-v4 as-reviewed linux-7.2', 'profile linux-7.2 linux-7.3');
  const { html } = frontPage(same, css, '#/s/x');
  expect(html).not.toContain('part2-v4');
  expect(html).toMatch(/They do the same in all \d+ steps/);
});
