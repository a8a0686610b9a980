/** A log in the page: its lines, what failed in it, notes on lines, and the text by which a link or a file has all of it. */
import { SvelteMap } from 'svelte/reactivity';
import { MAX_LINK_TEXT_BYTES, MAX_LOG_LINK_CHARACTERS } from '../../base/limits';
import { sizeText } from '../../base/sizes';
import { annotatedPieces, type AnnotatedLog } from '../../traces/annotated';
import { diagnoseInParts } from '../../traces/diagnosis/diagnose';
import type { Diagnosis } from '../../traces/diagnosis/ending';
import type { Trace } from '../../traces/read';
import { inSlices } from '../shared/in-slices';

export class ShownLog {
  /** What failed in it; none while its lines are looked through. */
  diagnoses: readonly Diagnosis[] = $state.raw([]);
  /** Notes by the number of their line. */
  readonly notes: SvelteMap<number, string>;
  /** The log with its notes as a link has it; nothing while it is packed, or where no link holds it. */
  packed: string | undefined = $state.raw();
  /** Why no link holds it, one sentence. */
  withoutLink: string | undefined = $state.raw();
  /** The filter of its timeline, as typed. */
  filter = $state.raw('');
  /** The other end of the lines that are selected, by its number; nothing while one line is. */
  anchor: number | undefined = $state.raw();
  private isOpen = true;
  private packing: object | undefined;

  constructor(
    readonly trace: Trace,
    private readonly written: AnnotatedLog,
  ) {
    this.notes = new SvelteMap(written.notes);
    void inSlices(diagnoseInParts(trace), () => this.isOpen).then((found) => {
      this.diagnoses = found ?? [];
    });
    void this.pack();
  }

  /** Another one takes its place. */
  close(): void {
    this.isOpen = false;
    this.packing = undefined;
  }

  setNote(line: number, text: string): void {
    if (text === '') this.notes.delete(line);
    else this.notes.set(line, text);
    void this.pack();
  }

  /** The log with its notes, as a file has it, in pieces. */
  get pieces(): readonly string[] {
    return annotatedPieces({ ...this.written, notes: this.notes });
  }

  private async pack(): Promise<void> {
    const own = (this.packing = {});
    const isWanted = (): boolean => this.packing === own;
    const { pieces } = this;
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const text = length > MAX_LINK_TEXT_BYTES ? '' : pieces.join('');
    const size = text === '' ? length : new Blob([text]).size;
    if (size > MAX_LINK_TEXT_BYTES) return this.hasNoLink(`It has ${sizeText(size)}`);
    try {
      const { CODEC, pack } = await import('../shared/pack');
      const payload = await inSlices(pack(text), isWanted);
      if (payload === undefined) return;
      if (payload.length > MAX_LOG_LINK_CHARACTERS)
        return this.hasNoLink(`Packed it has ${sizeText(payload.length)}`);
      this.withoutLink = undefined;
      this.packed = `${CODEC}.${payload}`;
    } catch {
      if (isWanted()) this.withoutLink = 'What packs links could not be loaded.';
    }
  }

  /** @param what is too much */
  private hasNoLink(what: string): void {
    this.packed = undefined;
    this.withoutLink = `${what}, too much for a link, which holds ${sizeText(MAX_LOG_LINK_CHARACTERS)}.`;
  }
}
