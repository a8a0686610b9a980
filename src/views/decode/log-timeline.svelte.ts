/** The timeline of a log in the page: its rows, where it stands, and what its filter means. */
import { filteredRowsInParts, parseTraceFilter } from '../../traces/timeline/filter';
import { rowOfLine, traceTimelineInParts, type TraceTimeline } from '../../traces/timeline/timeline';
import { logLanes, MOST_LANES } from '../../drawings/log-picture';
import { inSlices } from '../shared/in-slices';
import type { ShownLog } from './shown-log.svelte';

/** As {@link MOST_LANES}, on a narrow screen. */
const MOST_NARROW_LANES = 4;
const NARROW_PIXELS = 700;
const NO_ROWS = { rows: [], lanes: [], lanesAre: 'vcpus' } as const;

export class LogTimeline {
  /** Nothing while it is made. */
  timeline: TraceTimeline | undefined = $state.raw();
  /** Rows that are over. */
  position = $state.raw(0);
  filterProblem: string | undefined = $state.raw();
  /** Rows that the filter means; nothing while there is no filter, or it is being asked. */
  hits: readonly number[] | undefined = $state.raw();
  private asked: object | undefined;
  private isOpen = true;

  constructor(
    readonly log: ShownLog,
    /** The line to begin with. */
    line: number | undefined,
  ) {
    void inSlices(traceTimelineInParts(log.trace), () => this.isOpen).then((made) => {
      this.timeline = made;
      if (made && made.rows.length > 0) this.position = rowOfLine(made.rows, line ?? 1) + 1;
      this.findRows();
    });
  }

  close(): void {
    this.isOpen = false;
    this.asked = undefined;
  }

  row = $derived(this.timeline?.rows[this.position - 1]);
  /** The row that is shown, or before the first. */
  at = $derived(this.position - 1);
  states = $derived.by(() => {
    const { timeline, at } = this;
    if (!timeline) return [];
    const { states } = timeline;
    const known = states.vcpus;
    return Array.from({ length: Math.max(-1, ...known, ...timeline.lanes) + 1 }, (_, vcpu) => {
      const told = known.includes(vcpu) ? states.at(at, vcpu) : undefined;
      return [{ runs: [0], value: told ? `${told.state}${told.isInferred ? '?' : ''}` : '' }];
    });
  });
  /** Pixels that it has. */
  width = $state.raw(0);
  private readonly mostLanes = $derived(this.width < NARROW_PIXELS ? MOST_NARROW_LANES : MOST_LANES);
  /** Lanes that rows stand in; one where no line names a vCPU or a processor. */
  lanes = $derived(logLanes(this.timeline ?? NO_ROWS, this.mostLanes));
  pages = $derived(this.timeline?.pages.at(this.at) ?? []);

  goTo(position: number): void {
    this.position = Math.max(0, Math.min(position, this.timeline?.rows.length ?? 0));
  }
  /** The row of a line. */
  goToLine(line: number): void {
    const { timeline } = this;
    if (timeline && timeline.rows.length > 0) this.goTo(rowOfLine(timeline.rows, line) + 1);
  }
  /** @returns whether there was another one */
  goToHit(by: number): boolean {
    const { hits = [], at } = this;
    const to = by > 0 ? hits.filter((hit) => hit > at)[by - 1] : hits.filter((hit) => hit < at).at(by);
    if (to !== undefined) this.goTo(to + 1);
    return to !== undefined;
  }

  setFilter(text: string): void {
    this.log.filter = text;
    this.findRows();
  }

  /** Asks the filter of the log for the rows that it means. */
  private findRows(): void {
    const text = this.log.filter;
    this.hits = undefined;
    this.filterProblem = undefined;
    const own = (this.asked = {});
    const { timeline } = this;
    if (text.trim() === '' || !timeline) return;
    const filter = parseTraceFilter(text);
    if (!filter.ok) {
      this.filterProblem = filter.error.message;
      return;
    }
    void inSlices(filteredRowsInParts(timeline, filter.value), () => this.asked === own).then((hits) => {
      if (hits && this.asked === own) this.hits = hits;
    });
  }
}
