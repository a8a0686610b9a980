import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { fileContent, TextPieces, type FileContent } from './file';
import { plainLines } from './lines';
import { notesOf } from './notes';
import { readTraceInParts } from './read';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const wide = (text: string, { high = false, mark = false } = {}): Uint8Array =>
  Uint8Array.from(
    [...(mark ? '\ufeff' : ''), ...text].flatMap((letter) => {
      const code = letter.charCodeAt(0);
      return high ? [code >> 8, code & 0xff] : [code & 0xff, code >> 8];
    }),
  );
const line = 'kvm_amd: SEV-ES guest requested termination: 0x0:0x2\n';

const plainTexts = (content: FileContent): string[] =>
  content.kind === 'text' ? [...plainLines(content.pieces)].map(({ raw }) => raw) : [];

describe('what a file is', () => {
  test.each([
    ['UTF-16 with its mark', wide(line, { mark: true }), 'UTF-16LE'],
    ['UTF-16 of high bytes first', wide(line, { high: true, mark: true }), 'UTF-16BE'],
    ['UTF-16 without a mark', wide(line), 'UTF-16LE'],
    ['UTF-16 without a mark, high bytes first', wide(line, { high: true }), 'UTF-16BE'],
    ['text with zero bytes', bytesOf(line.replace('SEV', 'S\0E\0V')), '2 zero bytes'],
  ])('%s', (_, bytes, note) => {
    const content = fileContent(bytes);
    expect(content).toMatchObject({ kind: 'text', pieces: [line], looksBinary: false });
    expect(content.kind === 'text' ? content.notes.join() : '').toContain(note);
  });

  test('bytes that are no text are shown, counted and do not end the file', () => {
    const content = fileContent(Uint8Array.of(...bytesOf(line), 0xff, 0xfe, 0x0a, ...bytesOf(line)));
    expect(content.kind === 'text' && content.pieces.join('').split('\n')).toHaveLength(4);
    expect(content.kind === 'text' ? content.notes.join() : '').toContain('2 bytes are no UTF-8');
  });

  test.each([
    ['a gzip', Uint8Array.of(0x1f, 0x8b, 8, 0), 'gzip', ''],
    ['a trace.dat', Uint8Array.of(0x17, 8, 0x44, ...bytesOf('tracing6\0')), 'other', 'trace-cmd report'],
    ['a perf.data', bytesOf('PERFILE2...'), 'other', 'perf script'],
  ])('%s', (_, bytes, kind, why) => {
    const content = fileContent(bytes);
    expect(content.kind).toBe(kind);
    expect(content.kind === 'other' ? content.why : '').toContain(why);
  });

  test('a page of memory is no text', () => {
    const page = new Uint8Array(4096);
    page[0x390] = 0x10;
    expect(fileContent(page)).toMatchObject({ looksBinary: true });
  });

  test('text that comes in pieces is the same, wherever they are cut', () => {
    const bytes = bytesOf(`\ufeff${line}\u00e4\u{1f600}\r\nlast`);
    const whole = plainTexts(fileContent(bytes));
    expect(whole).toEqual([line.trimEnd(), '\u00e4\u{1f600}', 'last']);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const text = new TextPieces('utf-8');
      text.push(bytes.subarray(0, cut), false);
      text.push(bytes.subarray(cut), true);
      const { pieces, notes } = text.done();
      expect([...plainLines(pieces)].map(({ raw }) => raw)).toEqual(whole);
      expect(notes).toEqual([]);
    }
  });

  test('any bytes are one of them', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void fileContent(bytes)));
  });
});

describe('clocks', () => {
  const at = (seconds: string, cpu: number) =>
    `       CPU 0/KVM-4711  [${String(cpu).padStart(3, '0')}] ..... ${seconds}: kvm_entry: vcpu 0, rip 0x0`;
  const notes = (...lines: string[]) => notesOf(finish(readTraceInParts(lines.join('\n'))).lines);

  test('that jump back on one processor', () => {
    expect(notes(at('5.000001', 1), at('4.000001', 1), at('6.000001', 1), at('3.000001', 1))).toEqual([
      'The clock jumps back at line 2 and 1 time more; lines stay in the order of the file.',
    ]);
  });

  test('of processors that are not in order', () => {
    expect(notes(at('5.000001', 1), at('4.000001', 2)).join()).toContain('several processors');
  });

  test('of different recorders are not compared', () => {
    expect(notes(at('5.000001', 1), '[    1.000000] usb 1-1: new device', at('6.000001', 1))).toEqual([]);
  });
});
