/** A trace of ftrace text: columns by bytes, against a regular expression that takes the same words of each line. */
import { TraceColumns } from '../../traces/columns/columns';
import { count, leastWork, line, part, sequence } from './measure';

/** Text that ftrace could have written, the same for a seed. @param size bytes, at least */
export function ftraceText(seed: number, size: number): Uint8Array {
  const below = sequence(seed);
  const hex = (bits: number): string => below(2 ** bits).toString(16);
  const lines: string[] = [];
  let length = 0;
  for (let micros = 0; length < size; micros += 1 + below(40)) {
    const vcpu = below(8);
    const bodies = [
      `kvm_entry: vcpu ${vcpu}, rip 0x0 intr_info 0x00000000 error_code 0x00000000`,
      `kvm_exit: vcpu ${vcpu} reason vmgexit rip 0x0 info1 0x0000000000000000 info2 0x0000000000000000 intr_info 0x00000000 error_code 0x00000000 requests 0x0000000000000000`,
      `kvm_vmgexit_enter: vcpu ${vcpu}, exit_reason 80000010, exit_info1 ${hex(12)}, exit_info2 ${hex(30)}`,
      `kvm_page_fault: vcpu ${vcpu} rip 0x0 address 0x${hex(30).padStart(16, '0')} error_code 0x500000004`,
      `sched_switch: prev_comm=qemu prev_pid=${below(9999)} ==> next_comm=swapper/0 next_pid=0`,
    ];
    const time = `${812 + Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}`;
    const text = `       CPU ${vcpu}/KVM-${4711 + vcpu}    [${String(below(64)).padStart(3, '0')}] d....   ${time}: ${bodies[below(bodies.length)] ?? ''}\n`;
    lines.push(text);
    length += text.length;
  }
  return new TextEncoder().encode(lines.join(''));
}

const pattern =
  /^\s*(.{1,40}?)-(\d{1,10})\s+\[(\d{3,5})\]\s+(?:([.a-zA-Z0-9#]{4,8})\s+)?(\d+\.\d+):\s+(\w+):\s+(?:vcpu (\d+))?/;

/** Lines by a regular expression: kinds, times and vCPUs, as plain numbers. */
function byExpression(bytes: Uint8Array): number {
  const [kinds, times, vcpus]: [string[], number[], number[]] = [[], [], []];
  for (const text of new TextDecoder().decode(bytes).split('\n')) {
    const match = pattern.exec(text);
    kinds.push(match?.[6] ?? '');
    times.push(Number(match?.[5] ?? NaN));
    vcpus.push(Number(match?.[7] ?? -1));
  }
  return kinds.length - 1;
}

const CHUNK = 1 << 16;

function byColumns(bytes: Uint8Array): TraceColumns {
  const columns = new TraceColumns(1 << 14);
  for (let at = 0; at < bytes.length; at += CHUNK) columns.push(bytes.subarray(at, at + CHUNK));
  columns.end();
  return columns;
}

const MIB = 1 << 20;
const GIB = 2 ** 30;
const SIZE = 32 * MIB;

export function benchTraces(): void {
  const bytes = ftraceText(1, SIZE);
  const columns = byColumns(bytes);
  const ours = leastWork(() => void byColumns(bytes), 5);
  const expression = leastWork(() => void byExpression(bytes), 3);
  const rate = (milliseconds: number): string => `${count((columns.lines / milliseconds) * 1000)} a second`;
  part('A trace of ftrace text');
  line('lines, MiB', `${count(columns.lines)}, ${count(bytes.length / MIB)}`);
  line('lines as columns', rate(ours));
  line(
    'lines by a regular expression',
    rate(expression),
    `columns are ${(expression / ours).toFixed(1)} x as fast`,
  );
  line('bytes of the columns, of the text', `${(columns.byteLength / bytes.length).toFixed(3)} x`);
  line('growth of the process over 1 GiB, of the text', `${growthOverGib(bytes).toFixed(3)} x`, 'bar 0.35 x');
}

/** How much the process grows while a text of 1 GiB goes by and its columns are kept, by the size of that text. */
function growthOverGib(bytes: Uint8Array): number {
  const before = process.memoryUsage.rss();
  const columns = new TraceColumns(1 << 14);
  let most = before;
  while (columns.bytes < GIB)
    for (let at = 0; at < bytes.length; at += CHUNK) {
      columns.push(bytes.subarray(at, at + CHUNK));
      if (at === 0) most = Math.max(most, process.memoryUsage.rss());
    }
  columns.end();
  return (Math.max(most, process.memoryUsage.rss()) - before) / columns.bytes;
}
