/** What a run does, line by line, in the words of the page: for tests that keep it as text. */
import { createHash } from 'node:crypto';
import { hex } from '../../base/hex';
import type { Image } from '../../engine/memory/image';
import { pageFieldNames } from '../../engine/memory/page-bits';
import { moveText } from '../../engine/moves';
import { bandRuns, unpackBands } from '../../engine/page-class';
import { formatVariable } from '../../engine/state/schema';
import { worldFor } from '../../scenarios/machine';
import type { Run } from '../../scenarios/run';
import { headOf } from '../../scenarios/scenario';

/** The lines of what guest and VMM see, without what they saw before. */
export class Seen {
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

/** Moves with their rules, findings, expectations and refusals of a line, and what is seen differently after it. */
export function happened({ timeline, lines, expectations }: Run, line: number, seen: Seen): string[] {
  const { firstAct = 0, endAct = 0, refused, visible = [] } = lines[line] ?? {};
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

/** What is not as at the start: variables, pages by field and by class, and a sum of the bytes of each image. */
export function stateOf({ timeline: { world }, scenario, profile }: Run): string[] {
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
