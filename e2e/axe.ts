import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import type { AxeResults } from 'axe-core';
import { expect } from './test';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds against WCAG 2.2 A and AA in the page as it stands, one sentence each. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<AxeResults> } };
    const results = await axe.run({
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      resultTypes: ['violations'],
    });
    return results.violations.map(({ id, help, nodes }) => {
      const where = nodes.slice(0, 4).map((node) => `${node.target.join(' ')}: ${node.failureSummary ?? ''}`);
      return `${id}, ${help}: ${where.join('; ')}`;
    });
  });
}

/** Fails with what axe-core finds. */
export const expectAxeClean = async (page: Page): Promise<void> =>
  expect(await axeFindings(page)).toEqual([]);

const isLong = process.env['VMGEXIT_LONG'] === '1';
const schemes = ['dark', 'light'] as const;

/**
 * Fails with what axe-core finds in light or in dark.
 * @param sample the one that `npm test` looks at; a long run looks at both
 */
export async function expectAxeCleanInBoth(
  page: Page,
  sample: (typeof schemes)[number] = 'dark',
): Promise<void> {
  for (const colorScheme of schemes) {
    if (!isLong && colorScheme !== sample) continue;
    await page.emulateMedia({ colorScheme });
    expect(await axeFindings(page), colorScheme).toEqual([]);
  }
}
