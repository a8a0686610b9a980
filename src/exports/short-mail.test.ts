import { describe, expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { sampled } from '../testing/effort';
import { exportedFrom, scenarioOf, shipped, shippedFiles } from '../testing/exports/exported';
import { isScissorsLine, lineTraps } from '../scenarios/mail';
import { SHORT_MAIL_LINES, shortMail } from './short-mail';

const link = `https://example.org/#/x/1.${'a'.repeat(200)}`;

test.each(sampled(shippedFiles, 15))('%s: at most 25 lines of 72 columns, the last one the link', (file) => {
  const lines = finish(shortMail(exportedFrom(shipped(file), undefined, link)))
    .trimEnd()
    .split('\n');
  expect(lines.length).toBeLessThanOrEqual(SHORT_MAIL_LINES);
  expect(lines.at(-1)).toBe(`<${link}>`);
  for (const line of lines.slice(0, -1)) {
    expect(line.length, line).toBeLessThanOrEqual(72);
    expect(line).not.toMatch(lineTraps);
    expect(isScissorsLine(line)).toBe(false);
  }
});

describe('a second create of a vCPU that waits to be created', () => {
  const mail = finish(shortMail(exportedFrom(shipped('ap-create-on-init-then-create.ghcb'))));

  test('says at which act the runs differ, and what each tells the guest', () => {
    expect(mail).toMatch(/^They differ at step 97, v0 ap-create target=1 vmsa=0x122000;/m);
    expect(mail).toMatch(/^ {2}AC: AP_CREATION answered 0x0\/0x0; then/m);
    expect(mail).toMatch(/^ {2}B: malformed input 2\/5:/m);
    expect(mail).toContain('v0.guestResult: AC ok, B error');
  });

  test('names first the facet that parts the runs in the same way, with its sources', () => {
    expect(mail).toMatch(/^Decided by ap\.doubleCreate:\n {2}AC replace; mail of Brijesh Singh/m);
    expect(mail).toMatch(/^ {2}B reject; mail of Sean Christopherson, 2021-07-21/m);
  });
});

test('runs that do the same are said to', () => {
  expect(finish(shortMail(exportedFrom(shipped('selftest.ghcb'))))).toMatch(
    /They do the same in all \d+ steps\./,
  );
});

test('a single run says how it ended, and which expectation failed', () => {
  const text =
    'ghcb-scenario 1\nvm vcpus=1\nlaunch standard\nv0 hv-features form=msr\n? guest.result == error\nend ghcb-scenario\n';
  const mail = finish(shortMail(exportedFrom(scenarioOf(text), ['linux-7.2'])));
  expect(mail).toMatch(/^\d+ steps; 0 of 1 expectations hold\.$/m);
  expect(mail).toContain('FAILED: ? guest.result == error, it is ok');
});
