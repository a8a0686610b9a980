import { describe, expect, test } from 'vitest';
import { parseScenario } from '../scenarios/parse';
import { actText, movedAct, newlyRefused, withAct, withNote, withoutAct } from './revisions';
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
    expect(without.ok && without.value.title).toBe('without ap-destroy');
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

describe('an act that is changed', () => {
  test('is another one at the same place, with its notes and expectations', () => {
    const noted = runOf(withNote(run, after(run, 'ap-destroy'), 'does it stop?').text);
    const changed = withAct(noted, after(noted, 'ap-destroy'), 'v0  nmi   target=1');
    expect(changed.ok && changed.value.text).toContain(
      'note    does it stop?\nv0      nmi target=1\n        ? guest.result == ok\nv0      ap-create',
    );
    expect(changed.ok && changed.value.from).toBe(after(noted, 'ap-destroy') - 1);
  });

  test('is shown as people write it', () => {
    expect(actText(run, after(run, 'ap-destroy'))).toEqual({ ok: true, value: 'v0 ap-destroy target=1' });
  });

  test('of the launch stands among the other acts of the launch', () => {
    const at = after(run, 'launch-update');
    const before = actText(run, at);
    const changed = withAct(run, at, 'v0 nmi target=1');
    expect(changed.ok && changed.value.text).not.toContain('launch  standard');
    expect(before.ok && changed.ok && changed.value.text.split('nmi').length).toBe(2);
  });

  test.each(['', 'v0 fly', 'title another', 'end ghcb-scenario', 'note x', 'v0 hlt\nv1 hlt'])(
    'is refused where it is no act: %j',
    (written) => {
      const changed = withAct(run, after(run, 'ap-destroy'), written);
      expect(changed.ok).toBe(false);
    },
  );
});

describe('an act that is moved', () => {
  test('changes places with its neighbour, each with its notes and expectations', () => {
    const earlier = movedAct(run, after(run, 'ap-destroy'), -1);
    expect(earlier.ok && earlier.value.text).toContain(
      'v0      ap-destroy target=1\n        ? guest.result == ok\nv0      make-vmsa gpa=0x121000\nv0      ap-create',
    );
    expect(earlier.ok && earlier.value.from).toBe(after(run, 'make-vmsa') - 1);
    const later = movedAct(run, after(run, 'make-vmsa'), 1);
    expect(later.ok && earlier.ok && later.value.text).toBe(earlier.ok && earlier.value.text);
  });

  test('later and then earlier is where it was', () => {
    const later = movedAct(run, after(run, 'ap-destroy'), 1);
    const next = runOf(later.ok ? later.value.text : '');
    const back = movedAct(next, after(next, 'ap-destroy'), -1);
    expect(back.ok && runOf(back.value.text).timeline.digest()).toBe(run.timeline.digest());
  });

  test('stays at the ends', () => {
    expect(movedAct(run, after(run, 'ap-create'), 1)).toMatchObject({ ok: false });
    expect(movedAct(run, 1, -1)).toMatchObject({ ok: false });
  });
});

test('acts that another text makes impossible are named with the reason, those that were so before are not', () => {
  const holds = runOf(
    'ghcb-scenario 1\nlaunch standard\nv0 init-sipi target=1\nv1 hold form=msr\nend ghcb-scenario\n',
  );
  const without = withoutAct(holds, after(holds, 'init-sipi'));
  const next = runOf(without.ok ? without.value.text : '');
  expect(newlyRefused(holds, next)).toEqual([
    expect.stringMatching(/^v1 hold form=msr: v1 does not execute/),
  ]);
  expect(newlyRefused(next, next)).toEqual([]);
});
