import type { Page } from '@playwright/test';
import { expect } from './test';

/** All generations side by side: the most that a comparison has to draw. */
export const ALL_GENERATIONS =
  'linux-7.3,linux-7.2,linux-6.17,linux-6.12,linux-6.11,v14,v11,part2-v5,as-reviewed,part2-v4';
const AP_CREATE = '#/s/ap-create-on-init-then-create';

/** The screens at which the page must be readable; 720 by 450 is what 200 % zoom leaves of 1440 by 900. */
export const screens = [
  { width: 1440, height: 900 },
  { width: 900, height: 900 },
  { width: 720, height: 450 },
  { width: 390, height: 844 },
  { width: 320, height: 640 },
] as const;

/** A view of the page, or something that stands over it. */
interface Place {
  readonly name: string;
  /** Keys that lead to it from the place before; none for the first one. */
  readonly keys?: readonly string[];
  /** Waits until it is there. */
  readonly ready: (page: Page) => Promise<void>;
}

/** Places that are looked at one after the other, in a page that is loaded once. */
export interface Visit {
  readonly name: string;
  readonly address: string;
  readonly places: readonly Place[];
}

const steps = (page: Page): Promise<void> => expect(page.getByRole('option').first()).toBeAttached();
const inPanel = (text: string | RegExp) => (page: Page) =>
  expect(page.locator('#view-panel').getByText(text).first()).toBeVisible();
const dialog = (page: Page): Promise<void> =>
  expect(page.getByRole('dialog').locator('h2, input').first()).toBeVisible();
const computed = (page: Page): Promise<void> => expect(page.getByText(/\d+ of \d+ rows/)).toBeHidden();

const ladder: Place = { name: 'ladder', ready: steps };
const table: Place = {
  name: 'ladder as a table',
  keys: ['t'],
  ready: (page) => expect(page.getByRole('table').first()).toBeVisible(),
};
const pages: Place = { name: 'pages', keys: ['t', 'g', 'p'], ready: inPanel(/gfn 0x/) };
const machines: Place = {
  name: 'machines',
  keys: ['g', 'm'],
  ready: (page) => expect(page.getByRole('group', { name: /, drawing$/ }).first()).toBeVisible(),
};
const exits: Place = { name: 'exits', keys: ['g', 'r'], ready: inPanel(/Exits to userspace/i) };
const matrix: Place = { name: 'matrix', keys: ['g', 'x'], ready: computed };
const decoder: Place = {
  name: 'decoder',
  keys: ['g', 'd'],
  ready: (page) => expect(page.locator('#view-panel textarea')).toBeVisible(),
};
const source: Place = {
  name: 'source',
  keys: ['g', 's'],
  ready: (page) => expect(page.locator('.cm-content')).toBeVisible(),
};
const over = (name: string, key: string): Place => ({ name, keys: ['Escape', key], ready: dialog });

/** The part of all places that `npm test` looks at. */
export const fewVisits: readonly Visit[] = [
  { name: 'front page', address: '', places: [{ name: 'front page', ready: steps }] },
  {
    name: 'two profiles',
    address: `${AP_CREATE}?r=part2-v4,linux-7.2&k=82`,
    places: [ladder, machines, { ...pages, keys: ['g', 'p'] }, source],
  },
];

export const allVisits: readonly Visit[] = [
  { name: 'front page', address: '', places: [{ name: 'front page', ready: steps }] },
  {
    name: 'one profile',
    address: `${AP_CREATE}?r=linux-7.2&k=40`,
    places: [ladder, table, pages, machines, exits, matrix, decoder, source],
  },
  {
    name: 'two profiles',
    address: `${AP_CREATE}?r=part2-v4,linux-7.2&k=82`,
    places: [ladder, table, pages, machines, exits, matrix, decoder, source],
  },
  {
    name: 'all generations',
    address: `#/s/psc-batch?r=${ALL_GENERATIONS}`,
    places: [ladder, table, pages, machines, exits, matrix],
  },
  {
    name: 'a long boot',
    address: `#/s/linux-boot?r=linux-7.2&k=600`,
    places: [ladder, { ...pages, keys: ['g', 'p'] }, machines, exits],
  },
  {
    name: 'a long boot, all generations',
    address: `#/s/linux-boot?r=${ALL_GENERATIONS}&k=335`,
    places: [ladder],
  },
  {
    name: 'answer card',
    address: `#/m/vcpu/created-on-init/ap-create?r=${ALL_GENERATIONS}`,
    places: [
      {
        name: 'answer card',
        ready: async (page) => {
          await expect(page.getByRole('region', { name: 'Answer', exact: true })).toBeVisible();
          await computed(page);
        },
      },
    ],
  },
  { name: 'a decoded word', address: '#/d/msr/7ff014', places: [{ name: 'word', ready: inPanel('Bits') }] },
  {
    name: 'a decoded page',
    address: '#/d/ghcb-page/~912~10000080~3180~',
    places: [{ name: 'page', ready: inPanel('Field') }],
  },
  {
    name: 'the glossary',
    address: '#/d/terms',
    places: [
      {
        name: 'glossary',
        ready: (page) => expect(page.getByText(/\d+ of \d+ terms/)).toBeVisible(),
      },
    ],
  },
  {
    name: 'a lesson',
    address: '#/l/snp-in-ten-minutes/2',
    places: [
      {
        name: 'lesson',
        ready: (page) =>
          expect(page.getByRole('heading', { name: 'What the host can still do' })).toBeVisible(),
      },
    ],
  },
  {
    name: 'a search',
    address: '#/s/explore-ap?v=explore',
    places: [
      {
        name: 'explore',
        ready: (page) => expect(page.getByRole('button', { name: 'Search again' })).toBeVisible(),
      },
    ],
  },
  {
    name: 'machines that differ',
    address: `${AP_CREATE}?r=part2-v4,linux-7.2&k=95`,
    places: [{ ...machines, keys: ['g', 'm'] }],
  },
  {
    name: 'the reference',
    address: '#/d/ref/ghcb-page/swExitCode',
    places: [{ name: 'reference', ready: inPanel('swExitCode') }],
  },
  {
    name: 'dialogs',
    address: `${AP_CREATE}?r=part2-v4,linux-7.2&k=80`,
    places: [
      ladder,
      { ...over('filter', 'f'), ready: (page) => expect(page.locator('#filter-text')).toBeFocused() },
      over('act menu', 'a'),
      over('ask bar', '/'),
      over('help', '?'),
      over('profiles', 'p'),
      over('export', 'E'),
    ],
  },
];

/** Opens the address of a visit in a page that may show anything. */
export async function openVisit(page: Page, { address }: Visit): Promise<void> {
  await page.goto('about:blank');
  await page.goto(`./${address}`);
}

/** Goes to the next place of a visit and waits until nothing is loading or running any more. */
export async function goTo(page: Page, { keys = [], ready }: Place): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
  await ready(page);
  await expect(page.getByText(/^Loading/)).toHaveCount(0);
  await expect(page.locator('.job')).toHaveCount(0);
}
