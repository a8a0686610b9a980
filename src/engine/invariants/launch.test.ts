/** What counts as encrypted for the invariants of the launch. */
import { expect, test } from 'vitest';
import { Launch } from '../../testing/engine/test-launch';
import { pageState } from '../hardware/rmp';

const LAUNCH_UPDATE = 0xa1n;
const PAGE_RECLAIM = 0xc7n;
const INVALID_PARAM = 0x16n;
const specs = ['part2-v5', 'v11', 'v14', 'linux-6.11', 'linux-6.12', 'linux-6.17', 'linux-7.2', 'linux-7.3'];
/** The firmware refuses the page, and then will not give it back: it stays Pre-Guest, and nothing is encrypted. */
const refusedPage = (launch: Launch): Launch =>
  launch
    .failing(LAUNCH_UPDATE, INVALID_PARAM)
    .failing(PAGE_RECLAIM, INVALID_PARAM)
    .vmm('launch-update', { gfn: 3, type: 'normal' });
const about = (launch: Launch): string[] => launch.findings.filter((text) => text.includes('encrypted'));

test.each(specs)('%s: a page that the firmware refused and kept is not called encrypted', (spec) => {
  const launch = refusedPage(new Launch(spec, 1));
  expect(pageState(launch.world, 3)).toBe('Pre-Guest');
  expect(about(launch)).toEqual([]);
});

test.each(specs)('%s: nor is it behind LAUNCH_FINISH', (spec) => {
  const launch = new Launch(spec, 1).vmm('launch-finish', {});
  expect(launch.ret).toBe(0);
  expect(about(refusedPage(launch))).toEqual([]);
});
