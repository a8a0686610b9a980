/** The timeline of a log in the page: its rows, where it stands, what its filter means, and notes. */
import { SvelteMap } from 'svelte/reactivity';
import type { Trace } from '../../traces/read';
import { filteredRowsInParts, parseTraceFilter } from '../../traces/timeline/filter';
import { rowOfLine, traceTimelineInParts, type TraceTimeline } from '../../traces/timeline/timeline';
import { inSlices } from '../shared/in-slices';

export class LogTimeline {
  /** Nothing while it is made. */
  timeline: TraceTimeline | undefined = $state.raw();
  /** Rows that are over. */
  position = $state.raw(0);
  filterText = $state.raw('');
  filterProblem: string | undefined = $state.raw();
  /** Rows that the filter means; nothing while there is no filter, or it is being asked. */
  hits: readonly number[] | undefined = $state.raw();
  /** Notes by the number of their line. */
  readonly notes = new SvelteMap<number, string>();
  private asked: object | undefined;
  private isOpen = true;

  constructor(
    readonly trace: Trace,
    /** The line to begin with. */
    line: number | undefined,
  ) {
    void inSlices(traceTimelineInParts(trace), () => this.isOpen).then((made) => {
      this.timeline = made;
      if (made && made.rows.length > 0) this.position = rowOfLine(made.rows, line ?? 1) + 1;
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
    return Array.from({ length: Math.max(-1, ...states.vcpus, ...timeline.vcpus) + 1 }, (_, vcpu) => {
      const told = states.vcpus.includes(vcpu) ? states.at(at, vcpu) : undefined;
      return [{ runs: [0], value: told ? `${told.state}${told.isInferred ? '?' : ''}` : '' }];
    });
  });
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
    this.filterText = text;
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
    void inSlices(filteredRowsInParts(timeline.rows, filter.value), () => this.asked === own).then((hits) => {
      if (hits && this.asked === own) this.hits = hits;
    });
  }

  setNote(line: number, text: string): void {
    if (text === '') this.notes.delete(line);
    else this.notes.set(line, text);
  }

  /** What an export takes: the rows that the filter means, or all. */
  get exported() {
    const { timeline, hits, notes, trace } = this;
    return timeline && { timeline, counts: trace.counts, rows: hits ?? [...timeline.rows.keys()], notes };
  }
}
