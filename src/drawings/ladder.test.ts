import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  actOfStep,
  ladderHeight,
  layoutRow,
  planLadder,
  stepTop,
  visibleLines,
  type LadderPlan,
  type LadderRow,
} from './ladder';

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const heights = { act: 20, step: 30 };

/** The row as a mail would print it: labels above, arrow below. */
function picture(plan: LadderPlan, row: LadderRow): string[] {
  const blank = () => Array.from({ length: plan.columns }, () => ' ');
  const [above, line] = [blank(), blank()];
  line[plan.rule] = '‖';
  above[plan.rule] = '‖';
  const [left, right] = [Math.min(row.from, row.to), Math.max(row.from, row.to)];
  for (let x = left; x <= right; x++) if (x !== plan.rule) line[x] = '-';
  for (const piece of row.label) [...piece.text].forEach((c, i) => (above[piece.column + i] = c));
  return [above.join('').trimEnd(), line.join('').trimEnd()];
}

test('two vCPUs and the host stand on both sides of the rule, in order', () => {
  const plan = planLadder({ vcpus: [0, 1], columns: 120 });
  expect(plan.style).toBe('wide');
  expect(plan.lanes.map((lane) => lane.title)).toEqual(['vCPU 0', 'vCPU 1', 'KVM', 'VMM', 'PSP']);
  const columns = plan.lanes.map((lane) => lane.column);
  expect(columns).toEqual([...columns].sort((a, b) => a - b));
  expect(plan.rule).toBeGreaterThan(columns[1] ?? 0);
  expect(plan.rule).toBeLessThan(columns[2] ?? 0);
});

test.each([
  [110, 5, 'vCPU 4'],
  [110, 6, 'v5'],
  [132, 6, 'vCPU 5'],
  [132, 7, 'v6'],
])('on %d columns %d vCPUs have titles that do not touch', (columns, count, title) => {
  const { lanes } = planLadder({ vcpus: range(count), columns });
  const guests = lanes.filter(({ lane }) => lane === 'guest');
  expect(guests.at(-1)?.title).toBe(title);
  guests.slice(1).forEach(({ column }, i) => {
    const before = guests[i] as (typeof guests)[number];
    expect(before.column + before.title.length).toBeLessThan(column);
  });
});

test('a request crosses the rule, and its text flows around it', () => {
  const plan = planLadder({ vcpus: [0, 1], columns: 110 });
  const row = layoutRow(plan, {
    from: 'guest',
    to: 'kvm',
    vcpu: 0,
    text: 'AP_CREATION info1=0x100000001 info2=0x122000 and more words',
  });
  expect(row.crosses).toBe(true);
  expect(picture(plan, row)).toEqual([
    '               AP_CREATION info1=0x100000001       ‖ info2=0x122000 and more words',
    expect.stringContaining('-‖-') as string,
  ]);
});

test.each([
  [
    'behind a clause',
    'malformed input 2/5: a second create for a vCPU that is created or armed is refused',
    '               malformed input 2/5:               ‖ a second create for a vCPU that is created or armed is refused',
  ],
  [
    'beyond the rule, where it has no clause and fits there',
    'a second create for a vCPU that is armed is refused',
    '                                                  ‖ a second create for a vCPU that is armed is refused',
  ],
  [
    'in the middle of a clause, where nothing else shows all of it',
    'a second create for a vCPU that is created or that is armed already is refused as asked for',
    '               a second create for a vCPU that    ‖ is created or that is armed already is refused as asked for',
  ],
])('what fits on no side is divided %s', (_, text, expected) => {
  const plan = planLadder({ vcpus: [0], columns: 120 });
  const [above] = picture(plan, layoutRow(plan, { from: 'kvm', to: 'guest', vcpu: 0, text, refused: true }));
  expect(above).toBe(expected);
});

test('a refused request of a guest ends at the rule, though KVM is the one that answers', () => {
  const plan = planLadder({ vcpus: [0, 1], columns: 110 });
  const row = layoutRow(plan, { from: 'kvm', to: 'guest', vcpu: 1, text: 'refused', refused: true });
  expect(row).toMatchObject({ shape: 'refused', to: plan.rule, crosses: false });
  expect(row.from).toBe(plan.lanes[1]?.column);
});

test('RMPADJUST ends at the rule without crossing it', () => {
  const plan = planLadder({ vcpus: [0], columns: 100 });
  expect(layoutRow(plan, { from: 'guest', to: 'rmp', vcpu: 0, text: 'x' })).toMatchObject({
    shape: 'rule',
    to: plan.rule,
    crosses: false,
  });
});

test('a narrow page puts the text beside the lanes, on at most two lines', () => {
  const plan = planLadder({ vcpus: [0, 1], columns: 44 });
  expect(plan.style).toBe('side');
  const row = layoutRow(plan, {
    from: 'kvm',
    to: 'vmm',
    vcpu: 0,
    text: 'HYPERCALL MAP_GPA_RANGE 0x120000 n=0x40 attr=0x10',
  });
  expect(row.label.length).toBe(2);
  expect(row.cut).toBe(true);
  expect(row.label.every((piece) => piece.column + piece.text.length <= plan.columns)).toBe(true);
});

describe('whatever is drawn', () => {
  const lane = fc.constantFrom('guest', 'rmp', 'kvm', 'vmm', 'firmware');
  const content = fc.record({
    from: lane,
    to: lane,
    vcpu: fc.integer({ min: -1, max: 15 }),
    text: fc
      .array(fc.stringMatching(/^[a-zA-Z0-9=:/]{1,20}$/), { minLength: 1, maxLength: 12 })
      .map((w) => w.join(' ')),
    refused: fc.boolean(),
  });
  const size = fc.record({
    vcpus: fc.integer({ min: 0, max: 16 }).map(range),
    columns: fc.integer({ min: 40, max: 240 }),
  });

  test('no label overlaps another or the rule, and none leaves the picture', () => {
    fc.assert(
      fc.property(size, content, (ladder, move) => {
        const plan = planLadder(ladder);
        const row = layoutRow(plan, move);
        const ends = row.label.map((p) => ({
          line: p.line,
          start: p.column,
          end: p.column + p.text.length,
        }));
        for (const [i, a] of ends.entries()) {
          expect(a.start).toBeGreaterThanOrEqual(0);
          expect(a.end).toBeLessThanOrEqual(Math.max(plan.columns, plan.textEnd));
          if (plan.style === 'wide') {
            expect(a.end <= plan.rule - 1 || a.start >= plan.rule + 1).toBe(true);
          } else expect(a.start).toBeGreaterThan(plan.lanes.at(-1)?.column ?? 0);
          for (const b of ends.slice(i + 1))
            expect(a.line !== b.line || a.end < b.start || b.end < a.start).toBe(true);
        }
      }),
    );
  });

  test('the label says the whole text, or ends in an ellipsis', () => {
    fc.assert(
      fc.property(size, content, (ladder, move) => {
        const row = layoutRow(planLadder(ladder), move);
        const text = row.label.map((piece) => piece.text).join(' ');
        if (row.cut) expect(text.endsWith('…')).toBe(true);
        else expect(text).toBe(move.text);
      }),
    );
  });

  test('lanes never share a column and keep at least three apart', () => {
    fc.assert(
      fc.property(size, (ladder) => {
        const plan = planLadder(ladder);
        const columns = [...plan.lanes.map((l) => l.column), plan.rule].sort((a, b) => a - b);
        columns.slice(1).forEach((c, i) => expect(c - (columns[i] ?? 0)).toBeGreaterThanOrEqual(3));
      }),
    );
  });
});

describe('scrolling', () => {
  // Act 1 was refused and has no step.
  const acts = [
    { firstStep: 0, stepCount: 3 },
    { firstStep: 3, stepCount: 0 },
    { firstStep: 3, stepCount: 2 },
  ];

  test('each act has a line, then its steps', () => {
    expect(visibleLines(acts, { top: 0, height: 1000 }, heights)).toEqual([
      { kind: 'act', index: 0, top: 0 },
      { kind: 'step', index: 0, top: 20 },
      { kind: 'step', index: 1, top: 50 },
      { kind: 'step', index: 2, top: 80 },
      { kind: 'act', index: 1, top: 110 },
      { kind: 'act', index: 2, top: 130 },
      { kind: 'step', index: 3, top: 150 },
      { kind: 'step', index: 4, top: 180 },
    ]);
    expect(ladderHeight(acts, 5, heights)).toBe(210);
  });

  test.each([
    [0, 0, 20],
    [2, 0, 80],
    [3, 2, 150],
    [4, 2, 180],
  ])('step %d belongs to act %d and starts at %d', (step, act, top) => {
    expect(actOfStep(acts, step)).toBe(act);
    expect(stepTop(acts, step, heights)).toBe(top);
  });

  test('a window of a long run draws its own lines only, and all of them', () => {
    const many = range(10_000).map((i) => ({ firstStep: i * 3, stepCount: 3 }));
    const window = { top: 440_000, height: 600 };
    const lines = visibleLines(many, window, heights);
    expect(lines.length).toBeLessThan(30);
    expect(lines[0]?.top).toBeLessThanOrEqual(window.top);
    expect((lines.at(-1)?.top ?? 0) + 30).toBeGreaterThanOrEqual(window.top + window.height);
  });
});

test.each([
  [88, 6],
  [100, 8],
  [120, 10],
  [160, 14],
])('in %i columns %i vCPUs have wide lanes; with one more, all stand narrow at the side', (columns, most) => {
  const styleOf = (vcpus: number): LadderPlan['style'] => planLadder({ vcpus: range(vcpus), columns }).style;
  expect(styleOf(most)).toBe('wide');
  expect(styleOf(most + 1)).toBe('side');
});
