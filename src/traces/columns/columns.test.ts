import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainLines } from '../lines';
import { readLine } from '../read';
import { TraceColumns } from './columns';
import { eventNames, OTHER_EVENT, OTHER_LINE } from './scan';

const LONGEST_READ = 1 << 14;
const encoder = new TextEncoder();

/** The columns of a text that comes in chunks cut at these places. */
function columnsOf(text: string, cuts: readonly number[] = []): TraceColumns {
  const bytes = encoder.encode(text);
  const columns = new TraceColumns(LONGEST_READ);
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b);
  let from = 0;
  for (const to of [...places, bytes.length]) {
    columns.push(bytes.slice(from, to));
    from = to;
  }
  columns.end();
  return columns;
}

const event = (at: string, body: string, flags = 'd.... ') =>
  `       CPU 1/KVM-4711    [012] ${flags}  ${at}: ${body}`;
const samples = [
  event('812.000101', 'kvm_vmgexit_enter: vcpu 1, exit_reason 80000013, exit_info1 1, exit_info2 0'),
  event('812.000102', 'kvm_entry: vcpu 0, rip 0x0'),
  event('812.000103', 'kvm_userspace_exit: reason KVM_EXIT_HYPERCALL (3)'),
  event('812.000104', 'sched_switch: prev_comm=x prev_pid=1', ''),
  event('812.000105', 'kvm_exit:             vcpu 3 reason npf rip 0x0', '0000 '),
  '       CPU 0/KVM   4711 [012]   812.000101:   kvm:kvm_exit: vcpu 0 reason npf rip 0x0',
  '       CPU 0/KVM   4711 [012]   812.000101123:   kvm:kvm_entry: vcpu 2, rip 0x0',
  '# tracer: nop',
  '[  812.000301] kvm_amd: SEV-ES guest requested termination: 0x1:0x2',
  'qemu-system-x86_64: KVM: unknown exit reason 24',
  '',
  'kvm_entry: vcpu 0, rip 0x0',
];

/** What the reader of whole lines says of one that a recorder wrote. */
function byReader(text: string) {
  const { prefix, meaning } = readLine(text);
  const isRecorded = prefix?.event !== undefined && prefix.cpu !== undefined;
  const kind = isRecorded ? eventNames.indexOf(prefix.event ?? '') : OTHER_LINE;
  return {
    kind: isRecorded && kind < 0 ? OTHER_EVENT : kind,
    seconds: isRecorded ? prefix.seconds : undefined,
    vcpu: isRecorded ? meaning?.vcpu : undefined,
  };
}

describe('a line by its bytes is what the reader of lines says', () => {
  test.each(samples)('%s', (text) => {
    const columns = columnsOf(text === '' ? '\n' : text);
    expect(columns.at(0)).toMatchObject(
      Object.fromEntries(
        Object.entries(byReader(text)).filter(([name, value]) => name !== 'vcpu' || value !== undefined),
      ),
    );
  });
});

describe('columns', () => {
  const line = fc.oneof(
    fc.constantFrom(...samples),
    fc.string({ maxLength: 80 }).map((text) => text.replace(/[\n\r]/g, ' ')),
  );
  const texts = fc.array(line, { maxLength: 40 }).map((lines) => lines.map((one) => `${one}\n`).join(''));

  test('chunks may be cut anywhere: lines, offsets and kinds are the same', () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(5000), { maxLength: 12 }), (text, cuts) => {
        const [whole, cut] = [columnsOf(text), columnsOf(text, cuts)];
        expect(cut.lines).toBe([...plainLines(text)].length);
        expect(cut.bytes).toBe(encoder.encode(text).length);
        for (let at = 0; at < whole.lines; at++) expect(cut.at(at)).toEqual(whole.at(at));
        expect([...cut.counts]).toEqual([...whole.counts]);
        expect(cut.counts.reduce((sum, count) => sum + count, 0)).toBe(cut.lines);
      }),
    );
  });

  test('the bytes of a line are found again by its offset and length', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const [columns, bytes] = [columnsOf(text), encoder.encode(text)];
        [...plainLines(text)].forEach(({ raw }, at) => {
          const found = columns.at(at);
          const slice = bytes.slice(found?.offset, (found?.offset ?? 0) + (found?.length ?? 0));
          expect(new TextDecoder().decode(slice).replace(/\n$/, '').replace(/\r$/, '')).toBe(raw);
        });
      }),
    );
  });

  test('a line of 10 MB is counted and not read, and those behind it are', () => {
    const long = `${event('1.000001', 'kvm_entry: vcpu 0, rip 0x0')}${'x'.repeat(10 << 20)}\n${samples[0]}\n`;
    const columns = columnsOf(long, [100, 5 << 20, 9 << 20]);
    expect(columns.lines).toBe(2);
    expect(columns.at(0)).toMatchObject({ kind: OTHER_LINE, offset: 0 });
    expect(columns.at(1)).toMatchObject({ kind: eventNames.indexOf('kvm_vmgexit_enter'), vcpu: 1 });
    expect(columns.at(1)?.offset).toBe(columns.at(0)?.length);
  });

  test('clocks that jump back are counted', () => {
    const text = ['2.000000', '1.000000', '3.000000']
      .map((at) => event(at, 'kvm_entry: vcpu 0, rip 0x0'))
      .join('\n');
    expect(columnsOf(text).timesBack).toBe(1);
  });
});

test('the columns of a long trace take a fraction of its text', () => {
  const text = samples
    .slice(0, 3)
    .map((one) => `${one}\n`)
    .join('')
    .repeat(100_000);
  const columns = columnsOf(text);
  expect(columns.lines).toBe(300_000);
  expect(columns.byteLength / text.length).toBeLessThan(0.35);
});

test('columns that a worker sends are the same where they are received, and lines are found by kind', () => {
  const text = samples.map((one) => `${one}\n`).join('') + `${'x'.repeat(70_000)}\n${samples[0] ?? ''}\n`;
  const whole = columnsOf(text);
  const { columns: sent, buffers } = columnsOf(text).send();
  const received = TraceColumns.received(structuredClone(sent, { transfer: [...buffers] }));
  expect(received.lines).toBe(whole.lines);
  expect([...received.counts]).toEqual([...whole.counts]);
  for (let line = 0; line < whole.lines; line++) expect(received.at(line)).toEqual(whole.at(line));
  const kind = eventNames.indexOf('kvm_vmgexit_enter');
  const all = Array.from({ length: whole.lines }, (_, line) => line).filter(
    (line) => whole.at(line)?.kind === kind,
  );
  expect(all).toHaveLength(2);
  expect([received.next(kind), received.next(kind, all[0]), received.next(kind, all[1])]).toEqual([
    ...all,
    undefined,
  ]);
});

test('a kind is found beyond the blocks in which it is not', () => {
  const text = `${'# tracer: nop\n'.repeat(140_000)}${samples[0] ?? ''}\n`;
  expect(columnsOf(text).next(eventNames.indexOf('kvm_vmgexit_enter'))).toBe(140_000);
});
