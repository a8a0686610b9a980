/** The page without its views: what a person opens, runs, steps through, saves and links to. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { finish } from '../base/resumable';
import { svgText } from '../exports/picture/svg';
import { openPage } from '../testing/app/page';
import { CODEC, pack } from '../views/shared/pack';
import { Session } from './session.svelte';

let last: Session | undefined;
/** Nothing that the last page was about to do happens to the next one. */
function close(): void {
  last?.links.arrive();
  last?.player.pause();
  last = undefined;
  vi.unstubAllGlobals();
}
afterEach(close);

/** The page at an address, when all that it opens by itself is there. */
async function opened(hash: string): Promise<Session> {
  close();
  openPage(hash);
  const session = new Session();
  last = session;
  await session.start();
  await vi.waitFor(() => expect(session.loading).toBe(false));
  return session;
}
const scenarioText = (...acts: string[]): string =>
  ['ghcb-scenario 1', 'vm vcpus=1 memory=4M', 'launch standard', ...acts, 'end ghcb-scenario', ''].join('\n');

describe('opening', () => {
  test('an empty address shows the front scenario, with its question', async () => {
    const session = await opened('');
    expect(session.front).toBe('asks');
    expect(session.title).toContain('AP_CREATE');
    expect(session.stepCount).toBeGreaterThan(0);
  });

  test('the front scenario in another view asks nothing; the question brings the ladder back', async () => {
    const session = await opened('#/?v=matrix');
    expect([session.view, session.front]).toEqual(['matrix', 'gone']);
    session.show('pages');
    history.pushState(null, '', '#/');
    await session.openEntry();
    expect([session.view, session.front]).toEqual(['ladder', 'asks']);
  });

  test('a link shows its scenario at its step, in its view, and no question', async () => {
    const session = await opened('#/s/psc-batch?k=12&v=pages');
    expect([session.shipped?.slug, session.position, session.view, session.front]).toEqual([
      'psc-batch',
      12,
      'pages',
      'gone',
    ]);
  });

  test('a step behind the end is the end', async () => {
    const session = await opened('#/s/psc-batch?k=99999');
    expect(session.position).toBe(session.stepCount);
  });

  test('a scenario that does not exist is said to be missing', async () => {
    const session = await opened('#/s/no-such-scenario');
    expect(session.notice).toContain('no-such-scenario');
  });

  test('a view that does not exist is said to be missing, beside what else was wrong', async () => {
    const session = await opened('#/s/psc-batch?v=nowhere');
    expect(session.notice).toContain('nowhere');
    expect(session.view).toBe('ladder');
  });

  test('a digest of another engine is told, the own one is not', async () => {
    const session = await opened('#/s/psc-batch?k=5');
    const link = await session.links.link();
    const again = await opened(link.slice(link.indexOf('#')));
    expect(again.notice).not.toContain('This build');
    const other = link.replace(/[0-9a-f]{8}(?!.*[0-9a-f]{8})/, 'deadbeef');
    expect(other).not.toBe(link);
    const warned = await opened(other.slice(other.indexOf('#')));
    await vi.waitFor(() => expect(warned.notice).toContain('deadbeef'));
  });
});

describe('a picture of the page', () => {
  const picture = (scenario: string, address: string): string =>
    svgText(
      { name: 'a', title: 'a', description: 'a', width: 1, height: 1, shapes: [] },
      { colourOf: () => '#000', mono: 'monospace', sans: 'sans-serif' },
      { scenario, address },
    );

  test.each([
    ['its step, view, filter, selection and pins', (text: string) => text, '#/s/psc-batch'],
    ['its own text, where that is no longer the shipped one', (text: string) => `${text}# changed\n`, '#/x/'],
  ])('opens %s', async (_, change, place) => {
    const before = await opened('#/s/psc-batch?r=linux-7.2&k=12&v=pages&sel=page:0x120');
    const text = change(before.draft);
    before.filtering.apply('v0.exit changed');
    before.pinning.show(['v0.exit', 'page.0x120.rmp']);
    const link = await before.links.link();
    const session = await opened('#/s/linux-boot');
    await session.openPicture(picture(text, link.slice(link.indexOf('#'))), 'a.svg');
    expect(session.draft).toBe(text);
    expect([session.position, session.view, session.selection]).toEqual([
      12,
      'pages',
      { kind: 'page', gfn: 0x120 },
    ]);
    expect(session.filtering.text).toBe('v0.exit changed');
    expect(session.pinning.paths).toEqual(['v0.exit', 'page.0x120.rmp']);
    await vi.waitFor(() => expect(location.hash).toContain(place));
  });
});

test('a run that a budget stops is shown as far as it came, and goes further when it is asked to', async () => {
  const acts = [
    'create-vm',
    'init2',
    'memslot gfn=0 n=0x40000',
    'create-vcpu',
    'launch-start',
    'set-attributes gfn=0 n=0x40000 private=yes',
    'launch-update gfn=0 n=0x20000 type=normal',
  ].map((act) => `vmm ${act}`);
  const text = ['ghcb-scenario 1', 'vm vcpus=1 memory=1G', 'host manual', ...acts, 'end ghcb-scenario', ''];
  const session = await opened(`#/x/${CODEC}.${finish(pack(text.join('\n')))}`);
  expect(session.isShort).toBe(true);
  expect(session.notice).toContain('the run has no time left: vmm launch-update stops there');
  expect(session.course?.findings.at(-1)?.text).toContain('the budget of time is spent');
  const before = session.stepCount;
  expect(before).toBeGreaterThan(0);
  await session.goFurther();
  expect(session.stepCount).toBeGreaterThan(before);
});

describe('what a person does while a scenario is being fetched', () => {
  const text = scenarioText('v0 msr value=0x2');

  /** The page at an address, at once. */
  function opening(hash: string): { readonly session: Session; readonly done: Promise<void> } {
    close();
    openPage(hash);
    const session = new Session();
    last = session;
    return { session, done: session.start() };
  }

  test.each(['', '#/s/psc-batch?v=pages'])('the view they went to stays: %s', async (hash) => {
    const { session, done } = opening(hash);
    session.showFile({ name: 'ghcb.bin', file: new Blob([new Uint8Array(8)]) });
    await done;
    expect(session.view).toBe('decode');
    expect(session.stepCount).toBeGreaterThan(0);
  });

  test('the text they typed stays, and the address follows it', async () => {
    const { session, done } = opening('#/s/psc-batch');
    session.edit(text);
    await done;
    expect([session.draft, session.loading, session.shipped]).toEqual([text, false, undefined]);
    await vi.waitFor(() => expect(location.hash).toContain('#/x/'));
  });

  test('the text they typed beside a run stays beside that run', async () => {
    const session = await opened('#/s/psc-batch');
    const { title } = session;
    location.hash = '#/s/linux-boot';
    const done = session.openEntry();
    session.edit(text);
    expect(await done).toBe(false);
    expect([session.draft, session.title, session.loading]).toEqual([text, title, false]);
  });

  test('the scenario they dropped is the one that is shown', async () => {
    const { session, done } = opening('#/s/psc-batch');
    await Promise.all([session.openOwn(text), done]);
    expect([session.branch?.text, session.draft]).toEqual([text, text]);
  });
});

describe('a link to what is shown', () => {
  test('names a shipped scenario', async () => {
    const session = await opened('#/s/psc-batch?k=5');
    expect(await session.links.link()).toMatch(/^https:\/\/page\.test\/#\/s\/psc-batch\?.*k=5/);
  });

  test('carries the text of any other', async () => {
    const session = await opened('#/s/psc-batch');
    const text = scenarioText('v0 msr value=0x2');
    await session.openOther(text);
    const link = await session.links.link();
    expect(link).toMatch(/#\/x\/\d+\.[A-Za-z0-9_-]+/);
    const again = await opened(link.slice(link.indexOf('#')));
    expect(again.branch?.text).toBe(text);
  });

  test('carries the text of a shipped one as soon as a word of it is changed', async () => {
    const session = await opened('#/s/psc-batch');
    session.edit(`${session.draft}\n`);
    expect(await session.links.link()).toContain('#/x/');
  });

  test('stands in the address bar when a person has rested for a moment, not before', async () => {
    const session = await opened('#/s/psc-batch?k=5');
    session.seek(9);
    expect(location.hash).toBe('#/s/psc-batch?k=5');
    await vi.waitFor(() => expect(location.hash).toBe('#/s/psc-batch?k=9'));
  });
});

describe('running', () => {
  test('what is typed runs; what cannot be read leaves the run and says where it is wrong', async () => {
    const session = await opened('#/s/psc-batch');
    session.edit(scenarioText('v0 msr value=0x2'));
    expect(session.changed).toBe(true);
    await session.runDraft();
    await vi.waitFor(() => expect(session.changed).toBe(false));
    const count = session.stepCount;
    session.edit(scenarioText('v0 mrs value=0x2'));
    await session.runDraft();
    await vi.waitFor(() => expect(session.problems).not.toEqual([]));
    expect(session.problems[0]?.line).toBe(4);
    expect(session.stepCount).toBe(count);
  });

  test('steps stop at both ends', async () => {
    const session = await opened('#/s/psc-batch?k=1');
    session.stepBy(-1);
    session.stepBy(-1);
    expect(session.position).toBe(0);
    session.seek(session.stepCount);
    session.stepBy(1);
    expect(session.position).toBe(session.stepCount);
  });

  test('from act to act and back; behind the last one is the end', async () => {
    const session = await opened('#/s/psc-batch?k=0');
    session.jump('actStarts', 1);
    const first = session.position;
    session.jump('actStarts', 1);
    expect(session.position).toBeGreaterThan(first);
    session.jump('actStarts', -1);
    expect(session.position).toBe(first);
    session.seek(session.stepCount);
    session.jump('actStarts', 1);
    expect(session.position).toBe(session.stepCount);
  });
});
