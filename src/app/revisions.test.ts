import { describe, expect, test } from 'vitest';
import { parseScenario } from '../scenarios/parse';
import { withNote, withoutAct } from './revisions';
import { runText } from './runs';
import type { ShownRun } from './shown-run';

const text = `ghcb-scenario 1
title   An AP is destroyed and created again
profile linux-7.2
launch  standard
v0      init-sipi target=1
v0      make-vmsa gpa=0x121000
v0      ap-destroy target=1
        ? guest.result == ok
v0      ap-create target=1 vmsa=0x121000
        ? guest.result == ok
end ghcb-scenario
`;
const runOf = (of: string): ShownRun => {
  const ran = runText(of);
  if (!ran.ok) throw new Error(ran.problems.map(({ message }) => message).join());
  return ran.value.run;
};
const run = runOf(text);

/** The position after the first step of the act with a verb. */
const after = (of: ShownRun, verb: string): number =>
  (of.timeline.acts.find(({ act }) => act.verb === verb)?.firstStep ?? -1) + 1;

describe('a note', () => {
  test('stands above the act of the step that was shown, and the run stays the same', () => {
    const noted = withNote(run, after(run, 'ap-destroy'), 'does the AP stop at once?').text;
    expect(noted).toContain('note    does the AP stop at once?\nv0      ap-destroy target=1');
    expect(runOf(noted).timeline.digest()).toBe(run.timeline.digest());
  });

  test('of a step of the launch stands above its line', () => {
    expect(withNote(run, 5, 'the launch').text).toContain('note    the launch\nlaunch  standard');
    expect(withNote(run, 0, 'before all').text).toContain('note    before all\nlaunch  standard');
  });

  test.each(['> quoted', '# mail', 'a\u0000b', 'ghcb-scenario 1', `${'word '.repeat(60)}`.trim()])(
    'of any words can be read back: %j',
    (note) => {
      const parsed = parseScenario(withNote(run, 5, note).text);
      expect(parsed.ok && parsed.scenario.lines.some((line) => line.kind === 'note')).toBe(true);
    },
  );
});

describe('an act that is left out', () => {
  test('is gone with what was expected of it, and the rest runs again', () => {
    const without = withoutAct(run, after(run, 'ap-destroy'));
    expect(without.ok && without.value.act).toBe('ap-destroy');
    const next = runOf(without.ok ? without.value.text : '');
    expect(next.timeline.acts.some(({ act }) => act.verb === 'ap-destroy')).toBe(false);
    expect(next.timeline.acts.some(({ act }) => act.verb === 'ap-create')).toBe(true);
    expect(next.expectations).toHaveLength(1);
    expect(without.ok && without.value.from).toBe(after(run, 'ap-destroy') - 1);
  });

  test('takes the notes above it along', () => {
    const noted = runOf(withNote(run, after(run, 'ap-destroy'), 'does it stop?').text);
    const without = withoutAct(noted, after(noted, 'ap-destroy'));
    expect(without.ok && without.value.text).not.toContain('does it stop?');
  });

  test('of the launch leaves the other acts of the launch', () => {
    const without = withoutAct(run, after(run, 'launch-update'));
    const next = runOf(without.ok ? without.value.text : '');
    const updates = (of: ShownRun): number =>
      of.timeline.acts.filter(({ act }) => act.verb === 'launch-update').length;
    expect(updates(next)).toBe(updates(run) - 1);
  });

  test('that only followed from another act cannot be left out, and says so', () => {
    const woken = run.timeline.acts.find(({ origin, stepCount }) => origin === 'scheduler' && stepCount > 0);
    expect(withoutAct(run, (woken?.firstStep ?? 0) + 1)).toMatchObject({ ok: false });
    expect(withoutAct(run, 0)).toMatchObject({ ok: false });
  });
});
