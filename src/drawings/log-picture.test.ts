import { describe, expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { readTraceInParts } from '../traces/read';
import { traceTimelineInParts } from '../traces/timeline/timeline';
import { logPicture } from './log-picture';
import { MAX_PICTURE_STEPS } from './ladder-picture';
import type { Shape } from './picture';

const timelineOf = (lines: readonly string[]) =>
  finish(traceTimelineInParts(finish(readTraceInParts(lines.join('\n')))));
const flat = (shapes: readonly Shape[]): Shape[] =>
  shapes.flatMap((shape) => (shape.kind === 'group' ? flat(shape.shapes) : [shape]));
const textsOf = (shapes: readonly Shape[]): string[] =>
  flat(shapes).flatMap((shape) => (shape.kind === 'text' ? [shape.text] : []));

const psc = [
  'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0010000007a31014',
  'kvm_vmgexit_msr_protocol_exit: vcpu 0, ghcb_gpa 0010000007a31014, result 0',
  'kvm_entry: vcpu 0, rip 0x0',
  'kvm_vmgexit_enter: vcpu 0, exit_reason 80000013, exit_info1 100000000, exit_info2 121000',
  'kvm_vmgexit_exit: vcpu 0, exit_reason 80000013, exit_info1 0, exit_info2 0',
];

describe('the picture of a log', () => {
  test('has a row for each row of the timeline, dashed where no line says it', () => {
    const timeline = timelineOf(psc);
    const rows = [...timeline.rows.keys()];
    expect(rows).toHaveLength(7);
    const { shapes, height, description } = logPicture({ timeline, rows, at: 1, title: 'Log' });
    const words = textsOf(shapes).join(' ');
    expect(words).toContain('PSC_REQ gfn 0x7a31');
    expect(words).toContain('inferred');
    expect(description).toContain('7 rows');
    const dashed = flat(shapes).filter((shape) => shape.kind === 'line' && shape.dash !== undefined);
    expect(dashed).toHaveLength(
      timeline.rows.filter(({ inferred, from, to }) => inferred && from !== to).length,
    );
    const bold = flat(shapes).filter((shape) => shape.kind === 'text' && shape.fill === 'now');
    expect(bold.map((shape) => shape.kind === 'text' && shape.text)).toEqual(['2']);
    expect(logPicture({ timeline, rows: rows.slice(0, 2), at: 1, title: 'Log' }).height).toBeLessThan(height);
  });

  test('of a long log the rows around the one that is shown', () => {
    const timeline = timelineOf(Array.from({ length: 900 }, () => 'kvm_entry: vcpu 0, rip 0x0'));
    const { shapes, description } = logPicture({
      timeline,
      rows: [...timeline.rows.keys()],
      at: 600,
      title: 'Log',
    });
    const numbers = textsOf(shapes).filter((text) => /^\d+$/.test(text));
    expect(numbers).toHaveLength(MAX_PICTURE_STEPS);
    expect(numbers).toContain('601');
    expect(description).toContain('300 of 900 rows');
  });

  test('a log without rows, and one of many lanes, are drawn', () => {
    expect(
      logPicture({ timeline: timelineOf(['nothing']), rows: [], at: -1, title: 'Log' }).height,
    ).toBeGreaterThan(0);
    const many = timelineOf(Array.from({ length: 20 }, (_, vcpu) => `kvm_entry: vcpu ${vcpu}, rip 0x0`));
    const { shapes } = logPicture({ timeline: many, rows: [...many.rows.keys()], at: 0, title: 'Log' });
    expect(textsOf(shapes)).toContain('+9');
  });
});
