/** The line of a step read back: what was recorded, in the words of this build, or why it cannot be shown. */
import * as v from 'valibot';
import { own } from '../../base/table';
import { moveKinds, moveNames, type ArgumentKind, type MoveKind, type MoveName } from '../../engine/moves';
import { invariantNames } from '../../engine/rules/invariants';
import { rules, type RuleId } from '../../engine/rules';
import type { Recorder } from '../../engine/world';
import type { Chart } from '../../machines/compile';
import type { FactKind } from '../../machines/events';
import { exchangeChart } from '../../machines/exchange';
import { launchChart } from '../../machines/launch';
import { pageChart } from '../../machines/page';
import { vcpuChart } from '../../machines/vcpu';
import { issueText } from './act-schema';
import { parseJson } from './file';

const index = v.pipe(v.number(), v.integer(), v.minValue(-1));
const event = v.looseObject({ type: v.string() });
const stepSchema = v.strictObject({
  step: v.pipe(v.number(), v.integer(), v.minValue(0)),
  move: v.optional(v.picklist(moveNames)),
  vcpu: v.optional(index),
  args: v.optional(v.record(v.string(), v.union([v.number(), v.string()]))),
  rule: v.optional(v.string()),
  transitions: v.optional(v.array(v.strictObject({ chart: v.string(), instance: index, event }))),
  findings: v.optional(
    v.array(
      v.strictObject({
        kind: v.picklist(['violation', 'ambiguity', 'guest-error', 'unmodelled', 'note']),
        text: v.string(),
        invariant: v.optional(v.picklist(invariantNames)),
      }),
    ),
  ),
});

const charts: readonly Chart[] = [vcpuChart, exchangeChart, launchChart, pageChart];

/** A step as it was recorded. */
export interface RecordedStep {
  /** Reports the step again: transitions, findings, then its move. */
  report(to: Recorder): void;
}

type Values = Readonly<Record<string, number | bigint | string>>;

/** @returns the step, or what this build does not know in it */
export function readStep(json: unknown, vcpuCount: number): RecordedStep | string {
  const parsed = v.safeParse(stepSchema, json);
  if (!parsed.success) return issueText(parsed.issues);
  const { move, vcpu = -1, args = {}, rule, transitions = [], findings = [] } = parsed.output;
  if (vcpu >= vcpuCount) return `there is no v${vcpu}`;
  const values = move === undefined ? {} : valuesOf(move, args);
  if (typeof values === 'string') return values;
  if (rule !== undefined && own(rules, rule) === undefined) return `this version has no rule '${rule}'`;
  const taken = transitions.map(({ chart: id, instance, event: sent }) => {
    const chart = charts.find((one) => one.id === id);
    const facts = chart && own(chart.declarations, sent.type);
    if (!chart || !facts || instance >= vcpuCount) return `this version has no event '${id} ${sent.type}'`;
    // An earlier build may have recorded it before a fact was declared; it is shown without that fact.
    const wrong = Object.entries(facts).find(
      ([name, kind]) => sent[name] !== undefined && !isFact(kind, sent[name]),
    );
    return wrong ? `${id} ${sent.type}: ${wrong[0]} has no such value` : { chart, instance, event: sent };
  });
  const wrong = taken.find((one) => typeof one === 'string');
  if (typeof wrong === 'string') return wrong;
  return {
    report(to) {
      for (const one of taken) if (typeof one !== 'string') to.transition(one.chart, one.instance, one.event);
      for (const { kind, text, invariant } of findings) to.finding(kind, text, invariant);
      // The rule was looked up above.
      if (move !== undefined) to.move(move, vcpu, values, rule as RuleId | undefined);
    },
  };
}

/**
 * Whether two lines tell the same step. A fact of an event that was declared after the recording was made is no difference,
 * and neither is the order of facts.
 */
export function isSameStep(recorded: string, now: string): boolean {
  if (recorded === now) return true;
  const [old, made] = [recorded, now].map((line) => v.safeParse(stepSchema, parseJson(line)));
  if (!old?.success || !made?.success) return false;
  const { transitions = [] } = old.output;
  const kept = made.output.transitions?.map((one, at) => ({
    ...one,
    event: inOrder(one.event, transitions[at]?.event ?? {}),
  }));
  const before = transitions.map((one) => ({ ...one, event: inOrder(one.event, one.event) }));
  return (
    JSON.stringify({ ...old.output, transitions: before }) ===
    JSON.stringify({ ...made.output, transitions: kept ?? [] })
  );
}

/** The facts of an event that another one has too, by name. */
const inOrder = (
  sent: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
): unknown[] =>
  Object.keys(sent)
    .filter((name) => name in other)
    .sort()
    .map((name) => [name, sent[name]]);

const isFact = (kind: FactKind, value: unknown): boolean =>
  kind === 'flag' ? typeof value === 'boolean' : (kind as readonly unknown[]).includes(value);

/** The arguments of a move, each as its kind has it. */
function valuesOf(move: MoveName, args: Readonly<Record<string, number | string>>): Values | string {
  const declared: MoveKind['args'] = moveKinds[move].args;
  const names = Object.keys(declared);
  const unknown = Object.keys(args).find((name) => !names.includes(name));
  if (unknown !== undefined) return `${move}: this version has no '${unknown}' in it`;
  const values: Record<string, number | bigint | string> = {};
  for (const [name, kind] of Object.entries(declared)) {
    const value = valueOf(kind, own(args, name));
    if (value === undefined) return `${move}: ${name} is missing or has no such value`;
    values[name] = value;
  }
  return values;
}

function valueOf(
  kind: ArgumentKind,
  value: number | string | undefined,
): number | bigint | string | undefined {
  if (kind === 'text') return typeof value === 'string' ? value : undefined;
  if (kind === 'hex64')
    return typeof value === 'string' && /^0x[0-9a-f]{1,16}$/.test(value) ? BigInt(value) : undefined;
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}
