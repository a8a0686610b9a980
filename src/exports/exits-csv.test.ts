import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { runs } from '../testing/effort';
import { exportedFrom, shipped } from '../testing/exports/exported';
import { csvCell, csvText } from './csv';
import { exitsCsv } from './exits-csv';

/** RFC 4180, section 2: records end with CR LF, a quoted field may hold anything, its quotes doubled. */
function readCsv(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let at = 0;
  while (at < text.length) {
    let field = '';
    if (text[at] === '"') {
      for (at++; !(text[at] === '"' && text[at + 1] !== '"'); at++) {
        if (at >= text.length) throw new Error('a quoted field has no end');
        if (text[at] === '"') at++;
        field += text[at] ?? '';
      }
      at++;
    } else while (at < text.length && !/[,\r\n]/.test(text.charAt(at))) field += text.charAt(at++);
    record.push(field);
    if (text[at] === ',') at++;
    else if (text.startsWith('\r\n', at)) {
      at += 2;
      records.push(record);
      record = [];
      continue;
    } else throw new Error(`neither comma nor CR LF at ${at}`);
    if (at === text.length || text.startsWith('\r\n', at)) record.push('');
    if (text.startsWith('\r\n', at)) {
      at += 2;
      records.push(record);
      record = [];
    }
  }
  return records;
}

const cell = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('=1+1', '+1', '-EFAULT', '@SUM(A1)', '"', ',', '\r\n', '\t=1', ' =1', '', 'a"b,c\nd'),
);

describe('the CSV', () => {
  test('is read back cell by cell, an apostrophe in front of what would be a formula', () => {
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { minLength: 1 }), (rows) => {
        const back = readCsv(csvText(rows));
        expect(back).toEqual(
          rows.map((cells) => cells.map((one) => (/^\s*[=+\-@]|^[\t\r]/.test(one) ? `'${one}` : one))),
        );
        for (const one of back.flat()) expect(one).not.toMatch(/^[\s]*[=+\-@]/);
      }),
      { numRuns: runs(200) },
    );
  });

  test.each([
    ['-EFAULT', "'-EFAULT"],
    ['=cmd|x', "'=cmd|x"],
    ['a,b', '"a,b"'],
    ['say "0"', '"say ""0"""'],
    ['0x20000', '0x20000'],
  ])('%s is written %s', (text, written) => {
    expect(csvCell(text)).toBe(written);
  });
});

test('each return of KVM_RUN is a row, with the fields of its own exit', () => {
  const [head = [], ...rows] = readCsv(
    finish(exitsCsv(exportedFrom(shipped('psc-batch.ghcb'), ['linux-7.2']))),
  );
  const table = rows.map((row) => Object.fromEntries(head.map((name, at) => [name, row[at] ?? ''])));
  expect(table).toHaveLength(4);
  expect(table[0]).toMatchObject({
    profile: 'linux-7.2',
    vcpu: '0',
    result: '0',
    exit_reason: '3',
    exit: 'KVM_EXIT_HYPERCALL',
    'hypercall.args[0]': '0x20000',
    'hypercall.args[1]': '3',
  });
  expect(table.map((row) => row['hypercall.args[0]'])).toEqual(['0x20000', '0x30000', '0x20000', '0x30000']);
});

test('a field that an exit does not have is an empty cell', () => {
  const [head = [], ...rows] = readCsv(
    finish(exitsCsv(exportedFrom(shipped('seed-15-termination.ghcb'), ['linux-7.2']))),
  );
  expect(head).toContain('system_event.data[0]');
  for (const row of rows) expect(row).toHaveLength(head.length);
});
