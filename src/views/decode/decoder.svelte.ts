/** What the decoder shows: the text that was pasted, what it was read as, and the bytes as they stand after edits. */
import { bytesAs, candidatesFor, kindsThatFit, type Candidate } from '../../abi/candidates';
import { bytesFromLink, bytesToLink, editField, flipBit } from '../../abi/edit';
import { decodeFile } from '../../abi/kind-text';
import { kinds } from '../../abi/kinds';
import type { FieldRow } from '../../abi/layout';
import { ghcbParts, type Part, type Recognition } from '../../abi/recognise';
import { littleEndian, littleEndianBytes } from '../../base/bytes';
import { MAX_PAGE_DECODED, MAX_PAGE_FILE } from '../../base/limits';
import { sizeText } from '../../base/sizes';
import type { Source } from '../../abi/source';
import { bytesToHex, hex, hexdump } from '../../base/hex';
import { problem, type Result } from '../../base/result';
import { scenarioFromValues } from '../../scenarios/from-value';
import type { Scenario } from '../../scenarios/scenario';
import { annotatedLog, withoutNotes, type AnnotatedLog } from '../../traces/annotated';
import { partsOf, readPasted, readPastedFile, remarksOf, type Pasted } from '../../traces/pasted';
import { fileContent, fileContentInParts, type FileText } from '../../traces/file';
import { gunzipInParts } from '../../traces/gunzip';
import { notesInParts, notesOf } from '../../traces/notes';
import { readTraceInParts, type TraceLine } from '../../traces/read';
import { scenarioOfLine } from '../../traces/scenario';
import { inSlices } from '../shared/in-slices';
import type { LargeLog, LogWindow } from './large/large-log.svelte';
import { bytesOf, isLongText, LOOKED_AT, textOf, tooLong, UNREADABLE, whyNotCounted } from './opened-file';
import { ShownLog } from './shown-log.svelte';

const SHORT_BYTES = 64;

export class Decoder {
  text = $state.raw('');
  problem: string | undefined = $state.raw();
  form = $state.raw('');
  /** Who prints such text. */
  source: Source | undefined = $state.raw();
  remarks: readonly string[] = $state.raw([]);
  /** The log that was pasted, when it is one. */
  log: ShownLog | undefined = $state.raw();
  trace = $derived(this.log?.trace);
  /** What is odd about the file or the log as a whole. */
  notes: readonly string[] = $state.raw([]);
  /** A file that is being read, in words; empty when none is. */
  reading = $state.raw('');
  /** A log that is too large to be read whole. */
  large: LargeLog | undefined = $state.raw();
  /** Whose file is read: a newer one, or a paste, takes its place. */
  private asked: object | undefined;
  /** The line of it that is shown. */
  line: TraceLine | undefined = $state.raw();
  parts: readonly Part[] = $state.raw([]);
  partIndex = $state.raw(0);
  kind: string | undefined = $state.raw();
  bytes: Uint8Array<ArrayBuffer> = $state.raw(new Uint8Array());
  /** The values are no longer those of the line. */
  private isEdited = $state.raw(false);

  part = $derived(this.parts[this.partIndex]);
  declared = $derived(this.kind === undefined ? undefined : kinds[this.kind]);
  candidates: readonly Candidate[] = $derived(this.part?.candidates ?? []);
  /** Kinds the bytes can be read as besides the candidates. */
  others: readonly string[] = $derived(
    kindsThatFit(this.part?.bytes ?? this.bytes).filter(
      (kind) => !this.candidates.some((candidate) => candidate.kind === kind),
    ),
  );
  rows: readonly FieldRow[] = $derived.by(() => {
    if (this.kind === undefined || this.bytes.length === 0) return [];
    const decoded = decodeFile(this.kind, this.bytes);
    return decoded.ok ? decoded.value.rows : [];
  });
  isWord = $derived(this.declared?.shape === 'word');
  value = $derived(this.isWord ? littleEndian(this.bytes) : 0n);
  /** The value for copying: a number, or bytes in memory order. */
  valueText = $derived(
    this.isWord
      ? hex(this.value, 2 * this.bytes.length)
      : this.bytes.length <= 16
        ? bytesToHex(this.bytes)
        : '',
  );

  paste(text: string): void {
    if (text.length > MAX_PAGE_DECODED) return this.refuse(tooLong(`That is ${text.length} characters`));
    this.asked = undefined;
    this.leaveLarge();
    this.reading = '';
    const written = annotatedLog(text);
    if (written.first > 1 || written.notes.size > 0) {
      void this.readLines(written, { name: text, notes: [] });
      return;
    }
    this.text = text;
    const pasted = readPasted(text);
    this.show(pasted, written, oddIn(pasted));
  }

  /** Reads a file: what is packed is unpacked, a long log is read in slices, and one that is longer still is counted. */
  async open(file: Blob, name: string): Promise<void> {
    const own = (this.asked = {});
    const isWanted = (): boolean => this.asked === own;
    this.leaveLarge();
    if (file.size > MAX_PAGE_FILE) return this.openLarge(file, name, isWanted);
    const begin = await bytesOf(file.slice(0, LOOKED_AT));
    if (!isWanted()) return;
    if (!begin) return this.refuseFile(name, UNREADABLE);
    const kind = fileContent(begin);
    if (kind.kind === 'other') return this.refuseFile(name, kind.why);
    if (kind.kind === 'text' && isLongText(kind, file)) {
      const text = await textOf(file, isWanted);
      if (isWanted()) await (text ? this.readLog(text, name) : this.refuseFile(name, UNREADABLE));
      return;
    }
    let bytes: Uint8Array | undefined = await bytesOf(file);
    let damage: readonly string[] = [];
    if (!isWanted()) return;
    if (!bytes) return this.refuseFile(name, UNREADABLE);
    let content = await inSlices(fileContentInParts(bytes), isWanted);
    if (!content) return;
    if (content.kind === 'gzip') {
      this.reading = `${name} is unpacked.`;
      const unpacked = await inSlices(gunzipInParts(bytes, MAX_PAGE_FILE), isWanted);
      if (!unpacked) return;
      if (!unpacked.ok) return this.refuseFile(name, unpacked.error.message);
      ({ bytes, notes: damage } = unpacked.value);
      content = await inSlices(fileContentInParts(bytes), isWanted);
      if (!content) return;
      if (content.kind === 'gzip') return this.refuseFile(name, 'It is packed twice.');
    }
    if (content.kind === 'other') return this.refuseFile(name, content.why);
    this.reading = '';
    const notes = [...damage, ...content.notes];
    if (!content.looksBinary) return this.readLog({ ...content, notes }, name);
    this.text = bytes.length > 4096 ? name : valueAsText(bytes.slice());
    this.show(readPastedFile(bytes), withoutNotes(''), damage);
  }

  /** Reads a text: a short one may be a value or a dump. */
  private async readLog({ pieces, notes }: FileText, name: string): Promise<void> {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const written = annotatedLog(pieces);
    if (length > MAX_PAGE_DECODED || written.first > 1) {
      await this.readLines(written, { name, notes });
      return;
    }
    this.text = pieces.join('');
    const pasted = readPasted(written.pieces.join(''));
    this.show(pasted, written, [...notes, ...oddIn(pasted)]);
  }

  /** Reads every line of a text in slices. @returns the log, unless something else is shown meanwhile */
  private async readLines(
    written: AnnotatedLog,
    { name, notes = [] }: { readonly name: string; readonly notes?: readonly string[] },
  ): Promise<ShownLog | undefined> {
    const own = (this.asked = {});
    this.text = name;
    this.reading = 'The lines are read.';
    const isWanted = (): boolean => this.asked === own;
    const { pieces, first } = written;
    const trace = await inSlices(readTraceInParts(pieces, first), isWanted);
    const odd = trace && (await inSlices(notesInParts(trace.lines), isWanted));
    if (!odd) return undefined;
    this.reading = '';
    this.show({ kind: 'log', trace }, written, [...notes, ...odd]);
    return this.log;
  }

  /** Text of any size is counted by a worker; anything else of such a size is refused. */
  private async openLarge(file: Blob, name: string, isWanted: () => boolean): Promise<void> {
    const begin = await bytesOf(file.slice(0, LOOKED_AT));
    if (!isWanted()) return;
    if (!begin) return this.refuseFile(name, UNREADABLE);
    const why = whyNotCounted(fileContent(begin));
    if (why !== undefined)
      return this.refuseFile(name, `It has ${sizeText(file.size)}. ${why} Nothing of it was read.`);
    const { LargeLog } = await import('./large/large-log.svelte');
    if (!isWanted()) return;
    this.setLog(undefined);
    this.parts = [];
    this.kind = undefined;
    this.problem = undefined;
    this.notes = [];
    this.remarks = [];
    this.source = undefined;
    this.text = name;
    this.form = 'a large log; lines of it are read below';
    this.large = new LargeLog(name, file);
  }

  private leaveLarge(): void {
    this.large?.stop();
    this.large = undefined;
  }

  /** Reads lines of the large log. */
  async readWindow({ text, first }: LogWindow): Promise<void> {
    if (this.large) await this.readLines(withoutNotes(text, first), { name: this.large.name });
  }

  private refuseFile(name: string, why: string): void {
    this.setLog(undefined);
    this.reading = '';
    this.text = name;
    this.refuse(`${name}: ${why}`);
  }

  refuse(why: string): void {
    this.text ||= ' ';
    this.problem = why;
  }

  private setLog(log: ShownLog | undefined): void {
    this.log?.close();
    this.log = log;
    this.line = undefined;
  }

  private show(pasted: Pasted, written: AnnotatedLog, notes: readonly string[] = []): void {
    this.notes = notes;
    this.setLog(pasted.kind === 'log' ? new ShownLog(pasted.trace, written) : undefined);
    if (pasted.kind === 'value') return this.take(pasted.found);
    const { lines } = pasted.trace;
    const line =
      lines.find((one) => partsOf(one).length > 0) ??
      lines.find(({ status }) => status === 'placed') ??
      lines.find(({ status }) => status === 'unknown') ??
      lines[0];
    if (line) this.chooseLine(line);
  }

  /** Adds a sentence about the file, the log or its link as a whole. */
  note(sentence: string): void {
    this.notes = [...this.notes, sentence];
  }

  /** Lines of the log, in order, where several are selected. */
  selected: readonly TraceLine[] | undefined = $derived.by(() => {
    const { anchor } = this.log ?? {};
    if (!this.line || anchor === undefined || anchor === this.line.number) return undefined;
    const [first, last] = [anchor, this.line.number].toSorted((a, b) => a - b) as [number, number];
    return this.trace?.lines.filter(({ number }) => number >= first && number <= last);
  });

  /**
   * Shows one line of the log; a continued line shows the one that it belongs to.
   * @param isFurther whether the lines between it and the one that is shown are selected with it
   */
  chooseLine(chosen: TraceLine, isFurther = false): void {
    if (this.log) this.log.anchor = isFurther ? (this.log.anchor ?? this.line?.number) : undefined;
    this.line = chosen;
    const line = this.trace?.lines.find(({ number }) => number === chosen.of) ?? chosen;
    this.problem = undefined;
    this.form = line.form?.what ?? '';
    this.source = line.form?.source;
    this.remarks = remarksOf(line);
    this.parts = partsOf(line);
    this.kind = undefined;
    this.bytes = new Uint8Array();
    if (this.parts.length > 0) this.choosePart(0);
  }

  private take(found: Result<Recognition>): void {
    this.problem = found.ok ? undefined : found.error.message;
    if (!found.ok) return;
    this.form = found.value.form;
    this.source = found.value.source;
    this.remarks = found.value.remarks;
    this.parts = found.value.parts;
    this.choosePart(0);
  }

  choosePart(index: number): void {
    this.isEdited = false;
    this.partIndex = index;
    const kind = this.part?.candidates[0]?.kind;
    if (kind !== undefined) this.chooseKind(kind);
  }

  chooseKind(kind: string): void {
    const declared = kinds[kind];
    const bytes = declared && bytesAs(declared, this.part?.bytes ?? this.bytes);
    if (!bytes) return;
    this.kind = kind;
    this.bytes = bytes;
  }

  /** @returns why not, or nothing when it was taken */
  edit(row: FieldRow, typed: string): string | undefined {
    if (this.kind === undefined) return undefined;
    const edited = editField(this.kind, this.bytes, row, typed);
    if (!edited.ok) return edited.error.message;
    this.replace(edited.value);
    return undefined;
  }

  flip(at: number, bit: number): void {
    this.replace(flipBit(this.bytes, at, bit));
  }

  /** The pasted text and its part follow what was edited. */
  private replace(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    const { part } = this;
    if (!part) return;
    const edited = this.parts.map((one) => (one === part ? { ...one, bytes } : one));
    const own = edited.filter(({ isWithin }) => !isWithin);
    this.isEdited = true;
    if (own.length > 1 || part.isWithin || (this.trace?.lines.length ?? 0) > 1) {
      this.parts = edited;
      return;
    }
    const within = this.kind === 'ghcb-page' ? ghcbParts(bytes) : { parts: [], remarks: [] };
    this.parts = [...own, ...within.parts];
    this.remarks = within.remarks;
    this.text = this.isWord ? hex(littleEndian(bytes), 2 * bytes.length) : valueAsText(bytes);
    this.form = 'a value that was edited below';
    this.source = undefined;
    this.problem = undefined;
  }

  /** The value as a scenario, with those that came with it; or why there is none. */
  scenario: Result<Scenario> = $derived.by(() => {
    if (this.line && !this.isEdited) {
      const { of } = this.line;
      return scenarioOfLine(this.trace?.lines.find(({ number }) => number === of) ?? this.line);
    }
    if (this.parts.length === 0) return problem('There is no value.');
    const values = this.parts.map(({ label, bytes, candidates }, index) => ({
      label,
      ...(index === this.partIndex
        ? { bytes: this.bytes, kind: this.kind ?? '' }
        : { bytes, kind: candidates[0]?.kind ?? '' }),
    }));
    return scenarioFromValues(values, this.partIndex);
  });

  /** What stands in a link to the log, while the log is what is shown and not a value that was edited. */
  packedLog = $derived.by(() => {
    const isValue = this.isEdited || (this.kind !== undefined && this.trace?.lines.length === 1);
    return isValue ? undefined : this.log?.packed;
  });

  /** Shows the log that a link holds. @returns it, unless it is damaged or something else is shown meanwhile */
  async followLog(packed: string): Promise<ShownLog | undefined> {
    if (packed !== '' && packed === this.log?.packed) return this.log;
    const own = (this.asked = {});
    this.leaveLarge();
    this.setLog(undefined);
    this.parts = [];
    this.kind = undefined;
    this.reading = 'The log in the link is unpacked.';
    const found = await import('../shared/pack').then(
      ({ unpack: unpackLink }) => {
        const [, codec, payload = ''] = /^(\d+)\.(.*)$/.exec(packed) ?? [];
        if (codec === undefined)
          return problem('The link names a log and holds none: it was cut off, or changed.');
        return unpackLink(Number(codec), payload, 'log');
      },
      () => problem('What unpacks links could not be loaded.'),
    );
    if (this.asked !== own) return undefined;
    this.reading = '';
    if (found.ok) {
      const written = annotatedLog(found.value);
      const name = found.value.length > MAX_PAGE_DECODED ? 'the log of the link' : found.value;
      return this.readLines(written, { name });
    }
    this.text = ' ';
    this.problem = found.error.message;
    return undefined;
  }

  /** What stands in a link to a value: the kind, then the number of a word or the bytes of anything else. */
  get link(): readonly [kind: string, value: string] | undefined {
    if (this.kind === undefined || this.bytes.length === 0) return undefined;
    return [this.kind, this.isWord ? this.value.toString(16) : bytesToLink(this.bytes)];
  }

  /** Shows what a link says. */
  follow(word: string, value: string): void {
    const kind = word === 'msr' ? 'ghcb-msr' : word;
    const declared = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    if (value === '') return;
    this.leaveLarge();
    this.setLog(undefined);
    if (!declared) {
      this.text = value;
      this.problem = `The link names "${word}", a kind this version does not know.`;
      return;
    }
    const isNumber = declared.shape === 'word' && /^(?:0x)?[0-9a-fA-F]{1,16}$/.test(value);
    const bytes: Result<Uint8Array<ArrayBuffer>> = isNumber
      ? { ok: true, value: littleEndianBytes(BigInt(`0x${value.replace(/^0x/, '')}`), 8) }
      : bytesFromLink(value);
    const own = bytes.ok ? bytesAs(declared, bytes.value) : undefined;
    if (!bytes.ok || !own) {
      this.text = value;
      this.problem = bytes.ok
        ? `The link holds ${bytes.value.length} bytes; ${declared.title} has ${declared.size}. It may have been cut off.`
        : bytes.error.message;
      return;
    }
    const others = candidatesFor(own).filter((one) => one.kind !== kind);
    this.problem = undefined;
    this.text = declared.shape === 'word' ? hex(littleEndian(own), 2 * own.length) : valueAsText(own);
    this.form = 'a value in the link';
    this.source = undefined;
    this.remarks = [];
    this.parts = [
      { label: 'value', bytes: own, candidates: [{ kind, why: 'The link names it' }, ...others] },
    ];
    this.choosePart(0);
  }
}

/** What is odd about a log as a whole. */
const oddIn = (pasted: Pasted): string[] => (pasted.kind === 'log' ? notesOf(pasted.trace.lines) : []);

const valueAsText = (bytes: Uint8Array): string =>
  bytes.length <= SHORT_BYTES ? bytesToHex(bytes) : hexdump(bytes).join('\n');
