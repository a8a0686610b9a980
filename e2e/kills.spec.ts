/**
 * A browser that is killed in the middle of the work loses nothing that was written: eight rounds of random edits, 200 in
 * the long run. Mostly the renderer is crashed; every fourth round the browser's process is killed and started again.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, expect, test, type Browser, type Page } from '@playwright/test';

const ROUNDS = process.env['VMGEXIT_LONG'] === '1' ? 200 : 8;
const ROUNDS_OF_A_BROWSER = 4;
const SAID_EVERY = 20;
/** Every branch runs again when a work is opened: a busy machine takes its time. */
const ROUND_MILLISECONDS = 120_000;

/** Numbers that follow from a seed, so that a round that fails can be done again. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** The headless shell cannot open its store again after it was killed; the whole browser can. */
const fullBrowser = [process.env['E2E_CHROMIUM']?.replace(/-headless-shell$/, ''), '/usr/bin/chromium'].find(
  (file) => file !== undefined && !file.includes('headless') && existsSync(file),
);

/** A browser of its own with a profile that outlives it. */
class KillableBrowser {
  private process: ChildProcess | undefined;
  private browser: Browser | undefined;
  private readonly profile = mkdtempSync(join(tmpdir(), 'vmgexit-kills-'));

  async open(): Promise<Page> {
    const program = fullBrowser ?? process.env['E2E_CHROMIUM'] ?? chromium.executablePath();
    const args = [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--remote-debugging-port=0',
      '--no-first-run',
      '--window-size=1280,720', // narrower, and the list of works is not in sight
    ];
    const started = spawn(program, [...args, `--user-data-dir=${this.profile}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.process = started;
    const address = await new Promise<string>((resolve, reject) => {
      let said = '';
      started.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const found = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      started.on('exit', () => reject(new Error(`the browser ended: ${said}`)));
    });
    this.browser = await chromium.connectOverCDP(address);
    return this.newPage();
  }

  newPage(): Promise<Page> {
    const [context] = this.browser?.contexts() ?? [];
    if (!context) throw new Error('the browser has no context');
    return context.newPage();
  }

  /** The process is gone when it resolves. */
  async kill(): Promise<void> {
    const { process: started } = this;
    if (!started || started.exitCode !== null || started.signalCode !== null) return;
    const gone = new Promise((resolve) => started.once('exit', resolve));
    started.kill('SIGKILL');
    await gone;
  }

  async end(): Promise<void> {
    await this.kill();
    try {
      rmSync(this.profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    } catch {
      // A process of the killed browser still writes: what is left is a folder of the system's temporary files.
    }
  }
}

const works = (page: Page) => page.getByRole('region', { name: 'Your work' });
const branches = (page: Page) => page.getByRole('region', { name: 'Branches' });
const written = (page: Page): Promise<void> =>
  expect(works(page).locator('[data-unsaved="0"]')).toBeAttached();

/** What the store holds of the only work. */
const stored = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<{ draft: string; branches: { title: string; text: string }[] } | undefined>(
        (resolve, reject) => {
          const opening = indexedDB.open('vmgexit');
          opening.onerror = () => reject(new Error('no store'));
          opening.onsuccess = () => {
            const all = opening.result.transaction('works').objectStore('works').getAll();
            all.onsuccess = () => {
              opening.result.close();
              const kept = all.result as {
                work: { draft: string; branches: { title: string; text: string }[] };
              }[];
              resolve(kept.length === 1 ? kept[0]?.work : undefined);
            };
          };
        },
      ),
  );

/** What a person has done so far: it must be there after each kill. */
interface Done {
  readonly lines: string[];
  branches: string[];
}

async function typeLine(page: Page, line: string): Promise<void> {
  await page.keyboard.press('e');
  await expect(page.locator('.cm-content')).toBeFocused();
  await page.keyboard.press('Control+End');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.insertText(`${line}\n`);
  await page.keyboard.press('Escape');
}

/** One edit: mostly a line that is typed, at times a branch that is made, named or deleted. */
async function edit(page: Page, done: Done, round: number, pick: (below: number) => number): Promise<void> {
  const kind = round === 0 ? 0 : pick(6);
  const forks = done.branches.slice(1);
  if (kind === 4 && forks.length > 0) {
    const from = forks[pick(forks.length)] ?? '';
    const to = `named ${round}`;
    await branches(page)
      .getByRole('button', { name: `Rename branch ${from}`, exact: true })
      .click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText(to);
    await page.keyboard.press('Enter');
    done.branches = done.branches.map((name) => (name === from ? to : name));
  } else if (kind === 5 && forks.length > 1) {
    const gone = forks[pick(forks.length)] ?? '';
    await branches(page)
      .getByRole('button', { name: `Delete branch ${gone}`, exact: true })
      .click();
    done.branches = done.branches.filter((name) => name !== gone);
    await written(page);
    // What stood in that branch alone was deleted by the person.
    const left = JSON.stringify(await stored(page));
    done.lines.splice(0, done.lines.length, ...done.lines.filter((line) => left.includes(line)));
  } else if (kind === 3) {
    // A branch is made of the text that ran last; what was typed is run first.
    await page.keyboard.press('Control+Enter');
    await page
      .getByRole('button', { name: 'every act' })
      .or(page.getByRole('button', { name: / may, / }))
      .first()
      .click();
    await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
    const before = JSON.stringify(await stored(page));
    await page.keyboard.press('Enter');
    // In the past it makes a branch, at the end of one it goes on with it.
    await expect.poll(async () => JSON.stringify(await stored(page))).not.toBe(before);
    await written(page);
    done.branches = (await stored(page))?.branches.map(({ title }) => title) ?? [];
  } else {
    const line = `note    round ${round} ${pick(1_000_000)}`;
    await typeLine(page, line);
    // Nothing is unsaved before the page has heard of the line either: the store says when it is there.
    await expect.poll(async () => JSON.stringify((await stored(page)) ?? '')).toContain(line);
    done.lines.push(line);
  }
}

test(`${ROUNDS} kills of renderer or browser lose nothing that was done`, async ({ baseURL }) => {
  test.setTimeout(ROUNDS * ROUND_MILLISECONDS);
  const seed = Number(process.env['VMGEXIT_SEED'] ?? 1);
  console.log(`seed ${seed} (VMGEXIT_SEED)`);
  const pick = random(seed);
  const done: Done = { lines: [], branches: ['main'] };
  const browser = new KillableBrowser();
  try {
    let page = await browser.open();
    for (let round = 0; round < ROUNDS; round++) {
      if (round === 0) {
        await page.goto(`${baseURL ?? ''}#/s/ap-create-on-init-then-create`);
        await expect(page.getByRole('option').first()).toBeAttached();
      } else {
        // The page that was opened after the last kill.
        await works(page).locator('button.open').first().click();
        await expect(works(page).locator('button.open[aria-current=true]')).toBeVisible({
          timeout: ROUND_MILLISECONDS,
        });
      }
      await edit(page, done, round, pick);
      await written(page);
      if (fullBrowser !== undefined && round % ROUNDS_OF_A_BROWSER === ROUNDS_OF_A_BROWSER - 1) {
        await browser.kill();
        page = await browser.open();
      } else {
        const crashed = page.waitForEvent('crash');
        const client = await page.context().newCDPSession(page);
        client.send('Page.crash').catch(() => undefined);
        await crashed;
        await page.close();
        page = await browser.newPage();
      }
      await page.goto(baseURL ?? '');
      await expect(works(page).locator('button.open')).toHaveCount(1);
      const work = await stored(page);
      const kept = JSON.stringify(work);
      for (const line of done.lines) expect(kept, `round ${round}`).toContain(line);
      expect(
        work?.branches.map(({ title }) => title),
        `round ${round}`,
      ).toEqual(done.branches);
      if (round % SAID_EVERY === SAID_EVERY - 1)
        console.log(
          `${round + 1} kills: ${done.lines.length} lines, ${done.branches.length} branches are there`,
        );
    }
  } finally {
    await browser.end();
  }
});
