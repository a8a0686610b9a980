/**
 * Small runs as the views tell them, step by step, to be read: what changed, how each chart went on and what it decided,
 * where the fields of an exit come from, and at the end the pages that changed.
 *
 * VMGEXIT_WRITE_TRANSCRIPTS=1 writes what is now told into the files; what changed is then read and judged like code.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hex } from '../base/hex';
import { moveText } from '../engine/moves';
import { profile, type ProfileName } from '../profiles/resolve';
import { Timeline } from '../recording/timeline/timeline';
import { parseScenario, problemText } from '../scenarios/parse';
import { runScenario } from '../scenarios/run';
import { changeRows, type ChangeRow } from './change-text';
import { chartInstances, instanceStep, pageStep } from './chart-instances';
import type { Decision, RegionStates } from './chart-step';
import { exitFields, exitOrigins, exitRecords, pathOf, type ExitRecord } from './exit-records';
import { changedFrames } from './page-changes';
import { pageDetail } from './page-detail';
import { pageSince, tellPage } from './page-told';

const folder = join(import.meta.dirname, 'told');
const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));

/** @param line `run seed-07-psc-three-runs linux-7.2` */
function timelineOf(line: string): { timeline: Timeline; first: number } {
  const [, slug = '', kernel] = line.split(' ');
  const path = join(import.meta.dirname, `../../public/scenarios/${slug}.ghcb`);
  const parsed = parseScenario(readFileSync(path, 'utf8'));
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  const run = runScenario(parsed.scenario, profile(kernel as ProfileName), (world) => new Timeline(world));
  const launch = parsed.scenario.lines.findIndex(({ kind }) => kind === 'launch');
  const { timeline } = run;
  return { timeline, first: timeline.acts[run.lines[launch]?.endAct ?? 0]?.firstStep ?? 0 };
}

const row = ({ name, path, before, after, change }: ChangeRow): string =>
  `${name}: ${before} -> ${after}${change === undefined ? '' : ` (${change})`}${path === undefined || path === name ? '' : ` as ${path}`}`;

const states = (of: RegionStates): string => Object.values(of).join('/');
const decided = ({ event, regions }: Decision): string =>
  `${event.type} ${regions.map(({ ways }) => ways.map(({ outcome }) => outcome).join(',')).join(' | ')}`;

function charts(timeline: Timeline, step: number): string[] {
  const { world } = timeline.at(step + 1);
  const { transitions, changes } = timeline.step(step);
  return chartInstances(world).flatMap((instance) => {
    const { before, now, decisions, disagreement } = instanceStep(instance, { world, transitions, changes });
    if (decisions.length === 0) return [];
    expect(disagreement).toBeUndefined();
    return [`${instance.id}: ${states(before)} -> ${states(now)} by ${decisions.map(decided).join('; ')}`];
  });
}

function exit(timeline: Timeline, record: ExitRecord): string[] {
  const origins = exitOrigins(timeline, record);
  return [
    `exit ${record.name} (${record.reason}) = ${record.result} as ${pathOf(record) ?? 'nothing'}, begun at ${origins.began}`,
    ...exitFields(record, origins).map(
      ({ row: { name, text }, offset, size, origin, since, part }) =>
        `  ${part ? 'part ' : ''}${name} at ${hex(offset)}+${size}: ${text}, ${origin}${since < 0 ? '' : ` since ${since}`}`,
    ),
  ];
}

function page(timeline: Timeline, gfn: number): string[] {
  const { world } = timeline.at(timeline.stepCount);
  const { lines } = tellPage(world, gfn, pageSince(timeline, timeline.stepCount, gfn));
  const { groups, holders } = pageDetail(world, gfn);
  return [
    lines.join('; '),
    ...groups.map(
      ({ title, rows }) => `  ${title}: ${rows.map(({ name, value }) => `${name} ${value}`).join(', ')}`,
    ),
    ...(holders.length === 0 ? [] : [`  held by ${holders.join(', ')}`]),
  ];
}

function toldOf(timeline: Timeline, first: number): string[] {
  const frames = new Set<number>();
  const records = exitRecords(timeline, timeline.stepCount);
  const told: string[] = [];
  for (let step = first; step < timeline.stepCount; step++) {
    const { move, changes } = timeline.step(step);
    const { world } = timeline.at(step + 1);
    const changed = changedFrames(world, changes).map(({ first: gfn }) => gfn);
    for (const gfn of changed) frames.add(gfn);
    const stepped = changed.flatMap((gfn) => {
      const one = pageStep(world, gfn, changes);
      return one ? [`page ${hex(gfn)}: ${one.before} -> ${one.now}`] : [];
    });
    told.push(
      `${step} ${move ? moveText(move) : 'no move'}`,
      ...[
        ...changeRows(world, changes).map(row),
        ...charts(timeline, step),
        ...stepped,
        ...records.filter((one) => one.step === step).flatMap((one) => exit(timeline, one)),
      ].map((line) => `    ${line}`),
    );
  }
  return [
    ...told,
    'at the end',
    ...[...frames].flatMap((gfn) => page(timeline, gfn)).map((line) => `    ${line}`),
  ];
}

test.each(files)('%s', (file) => {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  const [line = ''] = text.split('\n');
  const { timeline, first } = timelineOf(line);
  const told = [line, ...toldOf(timeline, first), ''].join('\n');
  if (process.env['VMGEXIT_WRITE_TRANSCRIPTS'] === '1') writeFileSync(path, told);
  else expect(told).toBe(text);
});
