import { expect, test as base } from '@playwright/test';
import { watch } from './watch';

const test = base.extend<{ errors: string[] }>({
  errors: ({ context, baseURL }, use) => use(watch(context, new URL(baseURL ?? '').origin)),
});

// The page's own policy would refuse the foreign request before it is one.
test.use({ bypassCSP: true });

for (const [trouble, act, told] of [
  [
    'an uncaught error',
    "setTimeout(() => { throw new Error('on purpose') })",
    /^uncaught: Error: on purpose/,
  ],
  ['a rejected promise', "void Promise.reject(new Error('on purpose'))", /^uncaught: Error: on purpose/],
  ['a console error', "console.error('on purpose')", /^console: on purpose/],
  ['a foreign request', "void fetch('http://127.0.0.1:1/').catch(() => 0)", /^request to a foreign origin/],
] as const)
  test(`a wait ends at once with ${trouble}`, async ({ page, errors }) => {
    await page.goto('./');
    const wait = expect(page.getByText('this never comes')).toBeVisible();
    await Promise.all([expect(wait).rejects.toThrow(/closed/), page.evaluate(act).catch(() => undefined)]);
    expect(errors[0]).toMatch(told);
  });

test('a wait ends at once when the page crashes', { tag: '@long' }, async ({ page, errors }) => {
  await page.goto('./');
  const wait = expect(page.getByText('this never comes')).toBeVisible();
  const crash = page.goto('chrome://crash').catch(() => undefined);
  await Promise.all([expect(wait).rejects.toThrow(/closed|crashed/), crash]);
  expect(errors).toContainEqual(expect.stringMatching(/^the page crashed/));
});
