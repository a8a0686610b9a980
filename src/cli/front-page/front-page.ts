/**
 * The first thing a visitor sees, made when the site is built: the front scenario compared under the profiles that it
 * names, by the same engine that runs in the page. It stands before any script has loaded; without JavaScript it is all
 * there is, and a picture of the ladder stands above the table.
 */
import { assert } from '../../base/assert';
import { finish } from '../../base/resumable';
import { comparedPicture } from '../../drawings/compared-picture';
import { drawnGroups } from '../../drawings/compared-ladder';
import { lettersOf, runLetter } from '../../drawings/compared-rows';
import { groupTexts } from '../../drawings/compared-words';
import { moveKinds, type MoveKind } from '../../engine/moves';
import { rules } from '../../engine/rules';
import { exportedOf } from '../../exports/exported';
import { svgText, type PictureStyle } from '../../exports/picture/svg';
import { shortMail } from '../../exports/short-mail';
import { parseProfileSpec } from '../../profiles/resolve';
import { compare } from '../../recording/comparison/comparison';
import type { Comparison } from '../../recording/comparison/model';
import { isLaunchRow } from '../../recording/comparison/lines';
import { Timeline } from '../../recording/timeline/timeline';
import { parseScenario } from '../../scenarios/parse';
import { runScenario } from '../../scenarios/run';
import { headOf } from '../../scenarios/scenario';

/** File of the picture, beside index.html. */
export const PICTURE_FILE = 'front-page.svg';

export interface FrontPage {
  /** The content of the page before its script runs. */
  readonly html: string;
  /** The picture that stands there where no script runs. */
  readonly svg: string;
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character] ?? '');

const lanes = { guest: 'guest', rmp: 'RMP', kvm: 'KVM', vmm: 'VMM', firmware: 'PSP' } as const;

/**
 * @param text a scenario that names profiles
 * @param css the style sheet with the tokens of the page, of which the picture takes the light ones
 * @param address of the scenario on the page, from `#` on
 */
export function frontPage(text: string, css: string, address: string): FrontPage {
  const parsed = parseScenario(text);
  assert(parsed.ok, 'the front scenario is one');
  const { title, profiles } = headOf(parsed.scenario);
  const runs = profiles.map((spec) => {
    const profile = parseProfileSpec(spec);
    assert(profile.ok, `the front scenario names a profile: ${spec}`);
    return runScenario(parsed.scenario, profile.value, (world) => new Timeline(world));
  });
  const comparison = compare(runs);
  const first = comparison.rows.findIndex((_, row) => !isLaunchRow(comparison, row));
  const part = { first, count: comparison.rows.length - first };
  const picture = comparedPicture({ comparison, position: 0, title, notes: undefined, part });
  const { width, height, description } = picture;
  const answer = finish(shortMail(exportedOf(runs, { compared: comparison })));
  const rows = comparison.rows.map((_, row) => rowHtml(comparison, row)).join('');
  const html = [
    `<h1>${escapeHtml(title)}</h1>`,
    `<p>What happens, step by step, under ${escapeHtml(comparison.names.map((name, run) => `${runLetter(run)} ${name}`).join(', '))}. Steps with letters are those in which they differ.</p>`,
    '<noscript>',
    '<p>vmgexit is a simulation that runs in the page. Without JavaScript this scenario is what it can show: its answer, its picture and its steps as they were computed when the page was built.</p>',
    `<pre>${escapeHtml(answer.trimEnd())}</pre>`,
    `<p><img src="./${PICTURE_FILE}" width="${Math.ceil(width)}" height="${Math.ceil(height)}" alt="${escapeHtml(`Ladder: ${description} The table below says the same in words.`)}"></p>`,
    '</noscript>',
    '<table><thead><tr><th>step</th><th>under</th><th>from</th><th>to</th><th>what</th><th>why</th></tr></thead>',
    `<tbody>${rows}</tbody></table>`,
  ].join('\n');
  return { html, svg: svgText(picture, styleOf(css), { scenario: text, address }) };
}

/** A row of the table for each group of runs that did the same. */
function rowHtml(comparison: Comparison, row: number): string {
  const groups = drawnGroups(comparison, row);
  const texts = groupTexts(comparison, row, groups);
  return groups
    .map(({ runs, step }, at) => {
      const move = step?.move;
      const kind: MoveKind | undefined = move && moveKinds[move.kind];
      const lane = (name: keyof typeof lanes): string =>
        name === 'guest' && move && move.vcpu >= 0 ? `v${move.vcpu}` : lanes[name];
      const cells = [
        String(row + 1),
        lettersOf(runs, comparison.runs.length),
        kind ? lane(kind.from) : '',
        kind && kind.from !== kind.to ? lane(kind.to) : '',
        texts[at] ?? '',
        step?.rule ? rules[step.rule].says : '',
      ];
      return `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>\n`;
    })
    .join('');
}

/** The light colours and the faces of a style sheet: its first block. */
function styleOf(css: string): PictureStyle {
  const [block = ''] = /:root \{[^}]*\}/.exec(css) ?? [];
  const values = new Map(
    [...block.matchAll(/--([\w-]+): ([^;]+);/g)].map(([, name, value]) => [name, value]),
  );
  const colourOf = (name: string): string => {
    const value = values.get(name);
    assert(value !== undefined, `the style sheet has --${name}`);
    return value;
  };
  return { colourOf, mono: colourOf('mono'), sans: colourOf('sans') };
}
