import fc from 'fast-check';
import { crc32 as crcOfNode } from 'node:zlib';
import { deflateSync } from 'fflate';
import { expect, test } from 'vitest';
import { finish } from '../../base/resumable';
import { MAX_LINK_CHARACTERS } from '../../base/limits';
import { crc32 } from '../../base/crc32';
import { CODEC, pack, unpack } from './pack';

const text = `ghcb-scenario 1
title   AP_CREATE on a vCPU that is created-on-init
profile part2-v4 linux-7.2
vm      vcpus=2 memory=4M
launch  standard
v0      init-sipi target=1
v1      hold form=msr
v0      make-vmsa gpa=0x121000
v0      make-vmsa gpa=0x122000
v0      ap-create-on-init target=1 vmsa=0x121000
v0      ap-create target=1 vmsa=0x122000
v0      init target=1
end ghcb-scenario
`;

test('any text survives a link', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (any) => {
      expect(unpack(CODEC, finish(pack(any)))).toEqual({ ok: true, value: any });
      expect(finish(pack(any))).toMatch(/^[A-Za-z0-9_-]*$/);
    }),
  );
});

test('a scenario of 13 lines is a link of about 250 characters', () => {
  expect(finish(pack(text)).length).toBeLessThan(340);
});

/** Written by the versions of the page that had these codecs; they are read for ever. */
const written = [
  [
    1,
    'Tc0xDsMgDEbh3af4L0BEsnTKYVwggEoNskmV41fp1Ld908slPJ2FJKy1Y6VZZ0sAWNBbRKvyoqH9qC3dOC_3WDZqfEoogE2WyBrp4_HrbeqGBeRDdn-tm0cfuxXWFClJRP7f0Rc',
  ],
  [
    2,
    'dv1pqlWNMQ7DIBAE-3vFfoAIu0nlx1wAGxRyoDsc-fmm9XY70miOHD7OQhLW0rDQKKMmACxoNaIW-VLXtpdJ5zkv936tVPmUkAEbLJE10t9PZ-5n6roFHLts_lpWj9Y3y6wpUpKIR45u',
  ],
] as const;
const oldText = `ghcb-scenario 1
title   an old link
profile linux-7.2
launch  standard
v0      msr-psc gfn=0x120 op=shared
end ghcb-scenario
`;

test.each(written)('a link of codec %i opens', (codec, payload) => {
  expect(unpack(codec, payload)).toEqual({ ok: true, value: oldText });
});

test('every single character that changes is noticed', () => {
  const payload = finish(pack(text));
  fc.assert(
    fc.property(fc.nat(payload.length - 1), fc.constantFrom(...'aB3-_zQ'), (at, character) => {
      fc.pre(payload[at] !== character);
      const changed = payload.slice(0, at) + character + payload.slice(at + 1);
      const result = unpack(CODEC, changed);
      // The last character has bits that stand for nothing.
      expect(result.ok ? result.value : '').toBe(at === payload.length - 1 && result.ok ? text : '');
    }),
    { numRuns: 400 },
  );
});

test('a link that was cut off says how far it can be read', () => {
  const long = text.replace(
    'end ghcb',
    `${'note    the same again\n'.repeat(3)}v1      hold form=nae\nend ghcb`,
  );
  const half = finish(pack(long)).slice(0, 300);
  expect(unpack(CODEC, half)).toMatchObject({
    ok: false,
    error: { message: expect.stringMatching(/damaged.*It can be read to line \d+ at most: ".+"/) as string },
  });
});

test.each([
  ['cut off', 1, 'S8_ITNItTk7NS8zL'],
  ['not base64', 1, '!!!!'],
  ['not base64', 2, '!!!!'],
  ['empty', 2, ''],
  ['of a newer codec', 7, 'abc'],
  ['of a codec that never was', 0, 'abc'],
  ['a bomb', 1, btoa(String.fromCharCode(...deflateSync(new Uint8Array(3 << 20))))],
  ['a bomb', 2, btoa(String.fromCharCode(0, 0, 0, 0, ...deflateSync(new Uint8Array(3 << 20))))],
  ['of 2 MB', 2, 'a'.repeat(2 << 20)],
])('a link that is %s (codec %i) gives one sentence', (_, codec, payload) => {
  const result = unpack(codec, payload);
  expect(result).toMatchObject({
    ok: false,
    error: { message: expect.stringMatching(/^The .*\.$/) as string },
  });
});

test.each([
  ['nothing of it', 1, '', 'missing: the link was cut off'],
  ['nothing of it', 2, '', 'missing: the link was cut off'],
  ['its checksum alone', 2, 'AAAAAA', 'missing: the link was cut off'],
  ['one byte behind its checksum', 2, 'AAAAAAA', 'damaged: part of the link is missing or was changed'],
  ['other characters', 2, '!!!!', 'characters that no link has'],
  ['too much', 2, btoa(`0000${String.fromCharCode(...deflateSync(new Uint8Array(3 << 20)))}`), '1 MiB'],
  ['no codec', 0, 'abcd', 'there is no codec 0'],
  ['a later codec', 3, 'abcd', 'a newer version'],
])('a link to a log with %s says that (codec %i, "%s")', (_, codec, payload, says) => {
  const result = unpack(codec, payload, 'log');
  expect(result.ok ? '' : result.error.message).toContain(says);
});

test('a link of 2 MB is refused with its size', () => {
  expect(unpack(2, 'a'.repeat(2 << 20))).toEqual({
    ok: false,
    error: { message: `The link has 2097152 characters; at most ${MAX_LINK_CHARACTERS} are read.` },
  });
});

test('the checksum is the CRC-32 of zip', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(crc32(bytes)).toBe(crcOfNode(bytes));
    }),
  );
});
