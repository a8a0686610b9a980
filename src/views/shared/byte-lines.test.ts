import { describe, expect, it } from 'vitest';
import { byteAfter, byteLines } from './byte-lines';

const page = new Uint8Array(36);
page[0] = 1;
page[25] = 2;
const lines = byteLines(page, 96, (from) => from === 32);

describe('lines of bytes', () => {
  it('leaves out lines of zeros that nobody asked for', () => {
    expect(lines).toEqual([
      { offset: 0, gap: false },
      { offset: 24, gap: true },
      { offset: 32, gap: false },
    ]);
  });

  it('moves over shown lines alone, and stays inside the bytes', () => {
    expect(byteAfter('ArrowRight', 7, lines, 36)).toBe(24);
    expect(byteAfter('ArrowLeft', 24, lines, 36)).toBe(7);
    expect(byteAfter('ArrowDown', 3, lines, 36)).toBe(27);
    expect(byteAfter('End', 32, lines, 36)).toBe(35);
    expect(byteAfter('x', 3, lines, 36)).toBeUndefined();
  });
});
