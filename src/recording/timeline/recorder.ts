/** Receives what the world reports during an act and writes it as steps. */
import { assert } from '../../base/assert';
import type { WriteLog } from '../../engine/memory/arena';
import type { InvariantName } from '../../engine/rules/invariants';
import type { MoveName } from '../../engine/moves';
import type { RuleId } from '../../engine/rules';
import type { FindingKind, Recorder } from '../../engine/world';
import type { Chart } from '../../machines/compile';
import type { AnyEvent } from '../../machines/events';
import { facetNames, type FacetName } from '../../profiles/facets';
import type { MovePlan, StepTemplates } from './step-template';
import { writeArguments, type StepLog } from './step-log';
import type { Writes } from './writes';

type MoveValues = Readonly<Record<string, number | bigint | string>>;

export class StepRecorder implements Recorder {
  /** Steps that have findings, ascending. */
  readonly findingSteps: number[] = [];
  /** Template of what was reported since the last move. */
  private template = 0;
  private found = false;
  /** Whether more than facets was reported. */
  private reported = false;
  /** Position in the write log up to which steps are written. */
  private logged = 0;
  /** Which facets the present step consulted, by the number of the step. */
  private readonly facetStep = new Float64Array(facetNames.length).fill(-1);
  private stepsBegun = 0;

  // The step of the last move stays open: writes of an act after its last move belong to it.
  private isOpen = false;
  private openTemplate = 0;
  private openFound = false;
  private openPlan: MovePlan | undefined;
  private openValues: MoveValues = {};
  private openEnd = 0;

  constructor(
    private readonly log: WriteLog,
    private readonly templates: StepTemplates,
    private readonly steps: StepLog,
    private readonly writes: Writes,
  ) {}

  transition(chart: Chart, instance: number, event: AnyEvent): void {
    this.template = this.templates.withTransition(this.template, chart, instance, event);
    this.reported = true;
  }

  facet(name: FacetName): void {
    const code = this.templates.facetCode(name);
    if (this.facetStep[code] === this.stepsBegun) return;
    this.facetStep[code] = this.stepsBegun;
    this.template = this.templates.withFacet(this.template, code);
  }

  finding(kind: FindingKind, text: string, invariant?: InvariantName): void {
    this.template = this.templates.withFinding(this.template, {
      kind,
      text,
      ...(invariant && { invariant }),
    });
    this.found = true;
    this.reported = true;
  }

  move(kind: MoveName, vcpu: number, args: MoveValues, rule?: RuleId): void {
    if (this.isOpen) this.writeOpen();
    const plan = this.templates.movePlan(kind);
    this.open(this.templates.withMove(this.template, plan, vcpu, rule), plan, args);
  }

  /** The act is over: what was reported after its last move joins the step of that move; without a move it is a separate step. */
  endAct(): void {
    if (this.isOpen) {
      if (this.template !== 0) this.openTemplate = this.templates.join(this.openTemplate, this.template);
      this.openFound ||= this.found;
      this.openEnd = this.log.top;
    } else if (this.reported || this.log.top !== 0) this.open(this.template, undefined, {});
    if (this.isOpen) this.writeOpen();
    this.forget();
  }

  /** The act was stopped and taken back to its last move: what was reported since then did not happen. */
  cut(): void {
    this.begin();
  }

  get byteLength(): number {
    return this.steps.byteLength + this.templates.byteLength + this.findingSteps.length * 8;
  }

  /** The act failed and was undone. */
  abandonAct(): void {
    this.isOpen = false;
    this.forget();
  }

  /** Forgets the findings of every step from `step` on. */
  truncate(step: number): void {
    while ((this.findingSteps.at(-1) ?? -1) >= step) this.findingSteps.pop();
  }

  private open(template: number, plan: MovePlan | undefined, values: MoveValues): void {
    this.isOpen = true;
    this.openTemplate = template;
    this.openFound = this.found;
    this.openPlan = plan;
    this.openValues = values;
    this.openEnd = this.log.top;
    this.begin();
  }

  private writeOpen(): void {
    const { steps, log } = this;
    assert(log.top >= this.openEnd, 'an act took back writes of a step that was shown');
    if (this.openFound) this.findingSteps.push(steps.stepCount);
    const start = steps.open();
    this.writes.addLog(log.data, this.logged, this.openEnd);
    this.writes.writeTo(steps.stream);
    steps.stream.reserve(16);
    steps.stream.unsigned(this.openTemplate);
    if (this.openPlan) writeArguments(steps.stream, this.openPlan, this.openValues, this.templates);
    steps.close(start);
    this.logged = this.openEnd;
    this.isOpen = false;
  }

  private forget(): void {
    this.logged = 0;
    this.begin();
  }

  /** Of the next step nothing was reported yet. */
  private begin(): void {
    this.template = 0;
    this.found = false;
    this.reported = false;
    this.stepsBegun++;
  }
}
