import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { gunzipInParts } from './gunzip';

const MOST = 1 << 20;
const lines = (from: number, count: number): string =>
  Array.from(
    { length: count },
    (_, at) => `[ ${from + at}.0] usb 1-1: new device number ${from + at}\n`,
  ).join('');
const unpacked = (packed: Uint8Array, most = MOST) => {
  const found = finish(gunzipInParts(packed, most));
  return found.ok
    ? { text: new TextDecoder().decode(found.value.bytes), notes: found.value.notes }
    : { text: undefined, notes: [found.error.message] };
};
const packedOf = (text: string): Buffer => gzipSync(Buffer.from(text));

const text = lines(1, 400);
const whole = packedOf(text);
const changed = (at: number): Buffer => {
  const bytes = Buffer.from(whole);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x5a, at);
  return bytes;
};

test('a whole gzip gives its text and no note, also one of several members and one of nothing', () => {
  expect(unpacked(whole)).toEqual({ text, notes: [] });
  expect(unpacked(Buffer.concat([whole, packedOf(lines(900, 50)), packedOf('')]))).toEqual({
    text: text + lines(900, 50),
    notes: [],
  });
  expect(unpacked(packedOf(''))).toEqual({ text: '', notes: [] });
});

test('every gzip of Node is read as it was written', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 1, maxLength: 3 }), (parts) => {
      const found = finish(gunzipInParts(Buffer.concat(parts.map((part) => gzipSync(part))), MOST));
      expect(found).toEqual({ ok: true, value: { bytes: new Uint8Array(Buffer.concat(parts)), notes: [] } });
    }),
    { numRuns: 60 },
  );
});

describe('the sound part of a gzip is read, with a sentence', () => {
  const behind = Buffer.from('\0\0\0\0 not a gzip at all');
  test.each<readonly [what: string, packed: Uint8Array, text: string, note: string]>([
    ['its checksum was changed', changed(whole.length - 6), text, 'The checksum of the gzip is wrong'],
    ['its length was changed', changed(whole.length - 1), text, 'The checksum of the gzip is wrong'],
    ['the checksum is cut', whole.subarray(0, whole.length - 3), text, 'The end of the gzip is missing'],
    [
      'all of the trailer is cut',
      whole.subarray(0, whole.length - 8),
      text,
      'The end of the gzip is missing',
    ],
    [
      'more stands behind it',
      Buffer.concat([whole, behind]),
      text,
      `behind its end, ${behind.length} bytes,`,
    ],
    ['one byte stands behind it', Buffer.concat([whole, Buffer.of(7)]), text, 'behind its end, 1 bytes,'],
  ])('%s', (_, packed, read, note) => {
    const found = unpacked(packed);
    expect(found.text).toBe(read);
    expect(found.notes).toEqual([expect.stringContaining(note)]);
  });

  test('it is cut anywhere: what comes out is the beginning of the text, and it says so', () => {
    const most = { length: 0 };
    for (let end = 12; end < whole.length; end += 31) {
      const found = unpacked(whole.subarray(0, end));
      expect(text.startsWith(found.text ?? ''), `cut at ${end}`).toBe(true);
      expect(found.notes, `cut at ${end}`).toHaveLength(1);
      most.length = Math.max(most.length, found.text?.length ?? 0);
    }
    expect(most.length).toBeGreaterThan(text.length / 2);
  });

  test('its second member is cut: the first is whole', () => {
    const second = packedOf(lines(900, 300));
    for (const kept of [2, 5, 12, second.length >> 1, second.length - 4]) {
      const found = unpacked(Buffer.concat([whole, second.subarray(0, kept)]));
      expect(found.text?.startsWith(text), `${kept} bytes of it`).toBe(true);
      expect((text + lines(900, 300)).startsWith(found.text ?? 'x'), `${kept} bytes of it`).toBe(true);
      expect(found.notes, `${kept} bytes of it`).toHaveLength(1);
    }
  });

  test('a byte in the middle was changed: no throw, and it is never taken for sound', () => {
    for (let at = 10; at < whole.length - 8; at += 37) {
      const found = unpacked(changed(at));
      expect(found.notes.length, `byte ${at}`).toBeGreaterThan(0);
    }
  });
});

test('what holds nothing that can be read, or too much, is refused', () => {
  expect(unpacked(Buffer.of(0x1f, 0x8b, 8, 0)).notes).toEqual([
    'It begins as a gzip, and nothing of it can be unpacked.',
  ]);
  expect(unpacked(Buffer.from([0x1f, 0x8b, 9, 9, 9, 9, 9])).text).toBeUndefined();
  expect(unpacked(gzipSync(Buffer.alloc(2 * MOST))).notes).toEqual([
    'It is a gzip of more than 1 MB of text.',
  ]);
});
