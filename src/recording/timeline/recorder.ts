/** Listens to the world while it moves, and turns what it hears into steps. */
import { assert } from '../../base/assert';
import type { WriteLog } from '../../engine/memory/arena';
import type { InvariantName } from '../../engine/rules/invariants';
import type { MoveName } from '../../engine/moves';
import type { RuleId } from '../../engine/rules';
import type { FindingKind, Recorder } from '../../engine/world';
import type { Chart } from '../../machines/compile';
import type { AnyEvent } from '../../machines/events';
import { facetNames, type FacetName } from '../../profiles/facets';
import type { MovePlan, Shapes } from './shape';
import { writeArguments, type StepLog } from './step-log';
import type { Writes } from './writes';

type MoveValues = Readonly<Record<string, number | bigint | string>>;

export class StepRecorder implements Recorder {
  /** Steps that have findings, ascending. */
  readonly findingSteps: number[] = [];
  /** Shape of what was heard since the last move. */
  private shape = 0;
  private found = false;
  /** Whether more than facets was heard. */
  private heard = false;
  /** Position in the write log up to which steps are written. */
  private logged = 0;
  /** Which facets the present step consulted, by the number of the step. */
  private readonly facetStep = new Float64Array(facetNames.length).fill(-1);
  private heardSteps = 0;

  // The last move is kept open: what an act still writes after its last move belongs to it.
  private isOpen = false;
  private openShape = 0;
  private openFound = false;
  private openPlan: MovePlan | undefined;
  private openValues: MoveValues = {};
  private openEnd = 0;

  constructor(
    private readonly log: WriteLog,
    private readonly shapes: Shapes,
    private readonly steps: StepLog,
    private readonly writes: Writes,
  ) {}

  transition(chart: Chart, instance: number, event: AnyEvent): void {
    this.shape = this.shapes.withTransition(this.shape, chart, instance, event);
    this.heard = true;
  }

  facet(name: FacetName): void {
    const code = this.shapes.facetCode(name);
    if (this.facetStep[code] === this.heardSteps) return;
    this.facetStep[code] = this.heardSteps;
    this.shape = this.shapes.withFacet(this.shape, code);
  }

  finding(kind: FindingKind, text: string, invariant?: InvariantName): void {
    this.shape = this.shapes.withFinding(this.shape, { kind, text, ...(invariant && { invariant }) });
    this.found = true;
    this.heard = true;
  }

  move(kind: MoveName, vcpu: number, args: MoveValues, rule?: RuleId): void {
    if (this.isOpen) this.writeOpen();
    const plan = this.shapes.movePlan(kind);
    this.open(this.shapes.withMove(this.shape, plan, vcpu, rule), plan, args);
  }

  /** The act is over: what came after its last move joins the step of that move, or is a step of its own. */
  endAct(): void {
    if (this.isOpen) {
      if (this.shape !== 0) this.openShape = this.shapes.join(this.openShape, this.shape);
      this.openFound ||= this.found;
      this.openEnd = this.log.top;
    } else if (this.heard || this.log.top !== 0) this.open(this.shape, undefined, {});
    if (this.isOpen) this.writeOpen();
    this.forget();
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

  private open(shape: number, plan: MovePlan | undefined, values: MoveValues): void {
    this.isOpen = true;
    this.openShape = shape;
    this.openFound = this.found;
    this.openPlan = plan;
    this.openValues = values;
    this.openEnd = this.log.top;
    this.shape = 0;
    this.found = false;
    this.heard = false;
    this.heardSteps++;
  }

  private writeOpen(): void {
    const { steps, log } = this;
    assert(log.top >= this.openEnd, 'an act took back writes of a step that was shown');
    if (this.openFound) this.findingSteps.push(steps.stepCount);
    const start = steps.open();
    this.writes.addLog(log.data, this.logged, this.openEnd);
    this.writes.writeTo(steps.stream);
    steps.stream.reserve(16);
    steps.stream.unsigned(this.openShape);
    if (this.openPlan) writeArguments(steps.stream, this.openPlan, this.openValues, this.shapes);
    steps.close(start);
    this.logged = this.openEnd;
    this.isOpen = false;
  }

  private forget(): void {
    this.shape = 0;
    this.found = false;
    this.heard = false;
    this.logged = 0;
    this.heardSteps++;
  }
}
