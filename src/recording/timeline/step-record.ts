/** One step as it can be shown. */
import type { Move } from '../../engine/moves';
import type { RuleId } from '../../engine/rules';
import type { FacetName } from '../../profiles/facets';
import type { Change } from './changes';
import type { Finding, StepTemplate, TakenTransition } from './step-template';

export interface StepRecord {
  readonly index: number;
  /** Index of the act in `timeline.acts`. */
  readonly actIndex: number;
  /** Nothing when an act wrote without any visible move. */
  readonly move: Move | undefined;
  readonly rule?: RuleId;
  /** Facets that were consulted, in order. */
  readonly facets: readonly FacetName[];
  readonly transitions: readonly TakenTransition[];
  readonly findings: readonly Finding[];
  /** Computed on first access. */
  readonly changes: readonly Change[];
}

/** The timeline that a step was read from. */
interface Teller {
  changesOf(index: number): readonly Change[];
}

/** A step that was read. A class, because thousands are read and few are asked for their changes. */
export class ReadStep implements StepRecord {
  readonly move: Move | undefined;
  declare readonly rule?: RuleId;
  readonly facets: readonly FacetName[];
  readonly transitions: readonly TakenTransition[];
  readonly findings: readonly Finding[];
  readonly #timeline: Teller;
  #changes: readonly Change[] | undefined;

  constructor(
    timeline: Teller,
    readonly index: number,
    readonly actIndex: number,
    { move, facets, transitions, findings }: StepTemplate,
    args: Move['args'] | undefined,
  ) {
    this.#timeline = timeline;
    this.move = move && args && { kind: move.plan.kind, vcpu: move.vcpu, args };
    if (move?.rule !== undefined) this.rule = move.rule;
    this.facets = facets;
    this.transitions = transitions;
    this.findings = findings;
  }

  get changes(): readonly Change[] {
    return (this.#changes ??= this.#timeline.changesOf(this.index));
  }
}
