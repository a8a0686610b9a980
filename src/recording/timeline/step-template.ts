/**
 * The template of a step: the facets consulted, the transitions taken, the findings, the move that closed it and its rule,
 * everything but the numbers. Templates repeat, so each is stored once, as a sequence, and a step stores its number.
 */
import { eventFromCodes, MISSING_FACT, type AnyEvent, type FactKind } from '../../machines/events';
import type { Chart } from '../../machines/compile';
import { moveKinds, moveNames, type ArgumentKind, type MoveKind, type MoveName } from '../../engine/moves';
import { invariantNames, type InvariantName } from '../../engine/rules/invariants';
import { ruleIds, type RuleId } from '../../engine/rules';
import type { FindingKind } from '../../engine/world';
import { facetNames, type FacetName } from '../../profiles/facets';
import { Sequences, Texts } from './sequences';

/** An event as it was sent to the chart of one vCPU, or of the VM. */
export interface TakenTransition {
  readonly chart: string;
  /** vCPU index, -1 for the VM. */
  readonly instance: number;
  readonly event: AnyEvent;
}

/** Something a reviewer should see. */
export interface Finding {
  readonly kind: FindingKind;
  readonly text: string;
  /** The invariant that a violation breaks, where it breaks one. */
  readonly invariant?: InvariantName;
}

/** How a kind of move is encoded: its number and its arguments in declared order. */
export interface MovePlan {
  readonly kind: MoveName;
  readonly code: number;
  readonly names: readonly string[];
  readonly kinds: readonly ArgumentKind[];
}

/** A template read back. */
export interface StepTemplate {
  readonly facets: readonly FacetName[];
  readonly transitions: readonly TakenTransition[];
  readonly findings: readonly Finding[];
  readonly move:
    | { readonly plan: MovePlan; readonly vcpu: number; readonly rule: RuleId | undefined }
    | undefined;
}

// The two low bits of an item are its type. A transition is followed by its facts as plain numbers, a finding by the
// number of its invariant, from 1; 0 is none.
const FACET = 0;
const TRANSITION = 1;
const FINDING = 2;
const MOVE = 3;

const findingKinds: readonly FindingKind[] = ['violation', 'ambiguity', 'guest-error', 'unmodelled', 'note'];

interface EventPlan {
  readonly chart: Chart;
  readonly type: string;
  readonly code: number;
  /** In declared order. */
  readonly facts: readonly FactPlan[];
}

interface FactPlan {
  readonly name: string;
  readonly kind: FactKind;
}

/** A fact as the small integer from which `eventFromCodes` makes it again. */
function factCode({ name, kind }: FactPlan, event: AnyEvent): number {
  const value = event[name];
  if (value === undefined) return MISSING_FACT;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number') return value;
  return kind === 'flag' ? 0 : (kind as readonly unknown[]).indexOf(value);
}

const facetCodes = new Map<string, number>(facetNames.map((name, code) => [name, code]));
const ruleCodes = new Map<string, number>(ruleIds.map((id, code) => [id, code]));
const movePlans = new Map<string, MovePlan>(
  moveNames.map((kind, code) => {
    const args: MoveKind['args'] = moveKinds[kind].args;
    return [kind, { kind, code, names: Object.keys(args), kinds: Object.values(args) }];
  }),
);

/** Templates that are kept as they were read; more are begun anew. */
const MOST_KNOWN = 4096;

/** The templates of one timeline. */
export class StepTemplates {
  /** Templates that were read: steps share them, and none ever changes. */
  private readonly known = new Map<number, StepTemplate>();
  private readonly sequences = new Sequences();
  private readonly texts = new Texts();
  private readonly eventPlans: EventPlan[] = [];
  private readonly moveOf = new Map<number, MoveName | undefined>();
  private readonly plansOf = new Map<Chart, ReadonlyMap<string, EventPlan>>();
  /** vCPUs and one more, for the VM or for none. */
  private readonly instances: number;

  constructor(vcpuCount: number) {
    this.instances = vcpuCount + 1;
  }

  get byteLength(): number {
    return this.sequences.byteLength + this.texts.byteLength;
  }

  /** Number of a facet, by which the recorder sees whether it was recorded already. */
  facetCode(name: FacetName): number {
    return facetCodes.get(name) as number;
  }

  withFacet(template: number, code: number): number {
    return this.sequences.extend(template, (code << 2) | FACET);
  }

  withTransition(template: number, chart: Chart, instance: number, event: AnyEvent): number {
    const plan = (this.plansOf.get(chart) ?? this.planEvents(chart)).get(event.type) as EventPlan;
    const item = plan.code * this.instances + instance + 1;
    let next = this.sequences.extend(template, (item << 2) | TRANSITION);
    for (const fact of plan.facts) next = this.sequences.extend(next, factCode(fact, event));
    return next;
  }

  withFinding(template: number, { kind, text, invariant }: Finding): number {
    const item = this.texts.code(text) * findingKinds.length + findingKinds.indexOf(kind);
    const finding = this.sequences.extend(template, (item << 2) | FINDING);
    return this.sequences.extend(
      finding,
      invariant === undefined ? 0 : invariantNames.indexOf(invariant) + 1,
    );
  }

  withMove(template: number, plan: MovePlan, vcpu: number, rule: RuleId | undefined): number {
    const ruleCode = rule === undefined ? 0 : (ruleCodes.get(rule) as number) + 1;
    const item = (plan.code * (ruleIds.length + 1) + ruleCode) * this.instances + vcpu + 1;
    return this.sequences.extend(template, (item << 2) | MOVE);
  }

  movePlan(kind: MoveName): MovePlan {
    return movePlans.get(kind) as MovePlan;
  }

  join(first: number, second: number): number {
    return this.sequences.join(first, second);
  }

  textCode(text: string): number {
    return this.texts.code(text);
  }

  text(code: number): string {
    return this.texts.text(code);
  }

  /** The kind of the move that closes a template. */
  moveKind(template: number): MoveName | undefined {
    if (!this.moveOf.has(template)) this.moveOf.set(template, this.read(template).move?.plan.kind);
    return this.moveOf.get(template);
  }

  read(template: number): StepTemplate {
    const known = this.known.get(template);
    if (known) return known;
    if (this.known.size >= MOST_KNOWN) this.known.clear();
    const read = this.readAnew(template);
    this.known.set(template, read);
    return read;
  }

  private readAnew(template: number): StepTemplate {
    const items = this.sequences.read(template);
    const facets: FacetName[] = [];
    const transitions: TakenTransition[] = [];
    const findings: Finding[] = [];
    let move: StepTemplate['move'];
    for (let at = 0; at < items.length; at++) {
      const item = (items[at] as number) >>> 2;
      switch ((items[at] as number) & 3) {
        case FACET:
          facets.push(facetNames[item] as FacetName);
          break;
        case TRANSITION: {
          const plan = this.eventPlans[Math.floor(item / this.instances)] as EventPlan;
          const codes = items.slice(at + 1, at + 1 + plan.facts.length);
          const event = eventFromCodes(plan.chart.declarations, plan.type, codes);
          transitions.push({ chart: plan.chart.id, instance: (item % this.instances) - 1, event });
          at += plan.facts.length;
          break;
        }
        case FINDING: {
          const kind = findingKinds[item % findingKinds.length] as FindingKind;
          const text = this.texts.text(Math.floor(item / findingKinds.length));
          const invariant = invariantNames[(items[++at] as number) - 1];
          findings.push(invariant === undefined ? { kind, text } : { kind, text, invariant });
          break;
        }
        case MOVE:
          move = this.readMove(item);
          break;
      }
    }
    return { facets, transitions, findings, move };
  }

  private readMove(item: number): StepTemplate['move'] {
    const head = Math.floor(item / this.instances);
    const rules = ruleIds.length + 1;
    const kind = moveNames[Math.floor(head / rules)] as MoveName;
    const rule = head % rules;
    return {
      plan: this.movePlan(kind),
      vcpu: (item % this.instances) - 1,
      rule: rule === 0 ? undefined : ruleIds[rule - 1],
    };
  }

  private planEvents(chart: Chart): ReadonlyMap<string, EventPlan> {
    const plans = new Map<string, EventPlan>();
    for (const type of chart.eventTypes) {
      const declared = Object.entries(chart.declarations[type] ?? {});
      const facts = declared.map(([name, kind]) => ({ name, kind }));
      const plan = { chart, type, code: this.eventPlans.length, facts };
      this.eventPlans.push(plan);
      plans.set(type, plan);
    }
    this.plansOf.set(chart, plans);
    return plans;
  }
}
