/**
 * The first thing a visitor sees, made when the site is built: the ladder of the front scenario as a table, by the same
 * engine that runs in the page. It stands before any script has loaded, and it is all there is without JavaScript.
 */
import { readFileSync } from 'node:fs';
import { moveKinds, moveText, type MoveKind } from '../../engine/moves';
import { rules } from '../../engine/rules';
import { parseProfileSpec } from '../../profiles/resolve';
import { Timeline } from '../../recording/timeline/timeline';
import { parseScenario } from '../../scenarios/parse';
import { runScenario } from '../../scenarios/run';
import { headOf } from '../../scenarios/scenario';
import { assert } from '../../base/assert';

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character] ?? '');

const lanes = { guest: 'guest', rmp: 'RMP', kvm: 'KVM', vmm: 'VMM', firmware: 'PSP' } as const;

/** @param file path of a scenario @returns the content of the page before its script runs */
export function frontPageHtml(file: string): string {
  const parsed = parseScenario(readFileSync(file, 'utf8'));
  assert(parsed.ok, `${file} is a scenario`);
  const head = headOf(parsed.scenario);
  // The last profile that the scenario names is the newest kernel that its question is about.
  const resolved = parseProfileSpec(head.profiles.at(-1) ?? '');
  assert(resolved.ok, `${file} names a profile`);
  const profile = resolved.value;
  const { timeline } = runScenario(parsed.scenario, profile, (world) => new Timeline(world));
  const rows = Array.from({ length: timeline.stepCount }, (_, index) => row(timeline, index)).join('');
  return [
    `<h1>${escapeHtml(head.title)}</h1>`,
    `<p>What happens, step by step, under ${escapeHtml(profile.title)}.`,
    '<noscript>vmgexit runs its simulation in the page; without JavaScript this table is what it can show.</noscript></p>',
    '<table><thead><tr><th>step</th><th>from</th><th>to</th><th>what</th><th>why</th></tr></thead>',
    `<tbody>${rows}</tbody></table>`,
  ].join('\n');
}

function row(timeline: Timeline, index: number): string {
  const { move, rule } = timeline.step(index);
  if (!move) return '';
  const { from, to } = moveKinds[move.kind] as MoveKind;
  const lane = (name: keyof typeof lanes): string =>
    name === 'guest' && move.vcpu >= 0 ? `v${move.vcpu}` : lanes[name];
  const why = rule ? rules[rule].says : '';
  const cells = [String(index + 1), lane(from), from === to ? '' : lane(to), moveText(move), why];
  return `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>\n`;
}
