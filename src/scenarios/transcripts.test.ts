/**
 * Small scenarios with every step that they make, line by line, to be read beside the specification. A line of a
 * scenario stands at the margin; below it what happened: each move with its rule, each finding, why an act was refused, and
 * what guest and VMM see differently once everything came to rest. At the end stands the state: variables that are not as at
 * the start, runs of pages by field and by class, and a sum of the bytes of each page and of each kvm_run.
 *
 * VMGEXIT_WRITE_TRANSCRIPTS=1 writes what now happens into the files; what changed is then read and judged like code.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { enabledActs } from '../engine/enabled-acts';
import type { Image } from '../engine/memory/image';
import { pageFieldNames } from '../engine/memory/page-bits';
import { moveText } from '../engine/moves';
import { bandRuns, unpackBands } from '../engine/page-class';
import { formatVariable } from '../engine/state/schema';
import { hex } from '../base/hex';
import { parseProfileSpec } from '../profiles/resolve';
import { worldFor } from './machine';
import { memoryTape } from './memory-tape';
import { parseScenario, problemText } from './parse';
import { lineText } from './print';
import { runScenario, type Run } from './run';
import { actLine, headOf, type Scenario } from './scenario';

const folder = join(import.meta.dirname, 'transcripts');
const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));
const MARGIN = '    ';

/** The lines of what guest and VMM see, without what they saw before. */
class Seen {
  private readonly before = new Map<string, string>();

  news(visible: readonly string[]): string[] {
    return visible.flatMap((line) => {
      const [vcpu = '', ...words] = line.split(/ (?=[a-zA-Z0-9]+=)/);
      const news = words.filter((word) => {
        const [name = ''] = word.split('=');
        const known = this.before.get(`${vcpu}.${name}`);
        this.before.set(`${vcpu}.${name}`, word);
        return known !== word;
      });
      return news.length === 0 ? [] : [`${vcpu} sees ${news.join(' ')}`];
    });
  }
}

function happened({ timeline, lines, scenario, expectations }: Run, line: number, seen: Seen): string[] {
  const { firstAct = 0, endAct = 0, refused, visible = [] } = lines[line] ?? {};
  // The usual launch is the same in all of them, but for those that are about it.
  if (scenario.lines[line]?.kind === 'launch') {
    const acts = isAbout(scenario, 'the launch') ? timeline.acts.slice(firstAct, endAct) : [];
    const told = acts.map(({ act, refused: why }) => lineText(actLine(act)) + (why ? `: ${why}` : ''));
    return [...told, ...seen.news(visible)];
  }
  const told: string[] = [];
  for (const { firstStep, stepCount } of timeline.acts.slice(firstAct, endAct))
    for (let index = firstStep; index < firstStep + stepCount; index++) {
      const { move, rule, findings } = timeline.step(index);
      const who = move === undefined || move.vcpu < 0 ? '' : `v${move.vcpu} `;
      told.push(`${who}${move ? moveText(move) : 'no move'}${rule === undefined ? '' : `  [${rule}]`}`);
      told.push(...findings.map(({ kind, text }) => `! ${kind}: ${text}`));
    }
  const asked = expectations.find((expectation) => expectation.line === line);
  if (asked) told.push(asked.ok ? 'yes' : `no, it is ${asked.actual}`);
  if (refused !== undefined) told.push(`refused: ${refused}`);
  return [...told, ...seen.news(visible)];
}

/** Whether the last line is a note that says so. */
function isAbout({ lines }: Scenario, what: string): boolean {
  const last = lines.at(-1);
  return last?.kind === 'note' && last.text === what;
}

/** What can be done at the end. */
function menuOf({ timeline, scenario }: Run): string[] {
  if (!isAbout(scenario, 'the menu')) return [];
  const entries = enabledActs(timeline.world);
  const possible = entries.filter(({ refused }) => !refused?.includes('does not execute guest code'));
  return [
    ...possible.map(({ act, refused, rule }) => {
      const why = refused === undefined ? '' : `: ${refused}`;
      return `${lineText(actLine(act))}${why}${rule === undefined ? '' : `  [${rule}]`}`;
    }),
    `and ${entries.length - possible.length} acts of vCPUs that execute no guest code`,
  ];
}

/** What is not as at the start. */
function stateOf({ timeline: { world }, scenario, profile }: Run): string[] {
  const start = worldFor(headOf(scenario), profile);
  const variables = world.instances.map(({ name, group, instance: { base } }) => {
    if (/^image\d+$/.test(name)) return '';
    const words = group.slots.flatMap(({ name: variable, variable: declared, offset, words: size }) => {
      const [then, now] = [start, world].map(({ arena }) => {
        const at = base + offset;
        return formatVariable(declared, arena.read(at), size === 2 ? arena.read(at + 1) : 0);
      });
      return then === now ? [] : [`${variable}=${now}`];
    });
    return words.length === 0 ? '' : `${name} ${words.join(' ')}`;
  });
  const pages = world.pages.fields.map((field, index) => {
    const runs = [...field.runs()].map(
      ({ first, count, value }) => `${hex(first)}${count > 1 ? `+${hex(count)}` : ''}=${hex(value >>> 0)}`,
    );
    return runs.length === 0 ? '' : `${pageFieldNames[index]} ${runs.join(' ')}`;
  });
  const classes = bandRuns(world, 0, world.config.gfnCount).map(({ first, count, bands }) => {
    const { guest, rmp, kvm, seam } = unpackBands(bands);
    return `frames ${hex(first)}+${hex(count)} guest=${guest} rmp=${rmp} kvm=${kvm}${seam ? ' seam' : ''}`;
  });
  const sum = (image: Image): string =>
    createHash('sha256').update(image.toBytes()).digest('hex').slice(0, 12);
  return [
    ...variables,
    ...pages,
    ...classes,
    ...world.kvmRun.map((image, vcpu) => `kvm_run v${vcpu} ${sum(image)}`),
    ...world.pageImages.map((page) =>
      page.used ? `${page.side} page ${hex(page.frame)} ${sum(world.bytesOf(page))}` : '',
    ),
  ].filter((line) => line !== '');
}

/** The scenario that a transcript is of, as it stands there, each line with what happened. */
function transcriptOf(written: readonly string[]): string {
  const parsed = parseScenario(['ghcb-scenario 1', ...written, 'end ghcb-scenario', ''].join('\n'));
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  const { scenario } = parsed;
  const profile = parseProfileSpec(headOf(scenario).profiles[0] ?? '');
  if (!profile.ok) throw new Error(profile.error.message);
  const run = runScenario(scenario, profile.value, memoryTape);
  const seen = new Seen();
  const told = scenario.lines.flatMap((_, index) => [
    written[index] ?? '',
    ...happened(run, index, seen).map((text) => MARGIN + text),
  ]);
  const end = [...run.problems.map(({ message }) => `problem: ${message}`), ...menuOf(run)];
  const state = stateOf(run).map((text) => `state: ${text}`);
  return [...told, ...[...end, ...state].map((text) => MARGIN + text), ''].join('\n');
}

test.each(files)('%s', (file) => {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  const told = transcriptOf(text.split('\n').filter((line) => line !== '' && !line.startsWith(MARGIN)));
  if (process.env['VMGEXIT_WRITE_TRANSCRIPTS'] === '1') writeFileSync(path, told);
  else expect(told).toBe(text);
});
