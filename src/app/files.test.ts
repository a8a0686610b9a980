import { expect, test } from 'vitest';
import { largeKindOf, readFile, type FileLike } from './files';
import { parseStored } from './stored';

const file = (name: string, bytes: Uint8Array | string, size?: number): FileLike => {
  const data = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
  return {
    name,
    size: size ?? data.length,
    arrayBuffer: () => Promise.resolve(new Uint8Array(data).buffer),
  };
};

test.each([
  ['empty', file('a.ghcb', ''), 'a.ghcb is empty.'],
  [
    '50 MB',
    file('big.ghcb', 'x', 50 << 20),
    'big.ghcb has 50 MB; at most 4 MB are read. Nothing of it was read.',
  ],
  [
    'Latin-1',
    file('b.ghcb', new Uint8Array([0x74, 0xfc])),
    'b.ghcb is not UTF-8 text; save it as UTF-8 and open it again.',
  ],
])('a file that is %s gets one sentence', async (_, input, message) => {
  expect(await readFile(input)).toEqual({ ok: false, error: { message } });
});

test('a folder, whose bytes cannot be had, gets one sentence too', async () => {
  const folder = { name: 'logs', size: 4096, arrayBuffer: () => Promise.reject(new Error('NotFoundError')) };
  expect(await readFile(folder)).toMatchObject({ ok: false });
});

test('text is opened, with its name', async () => {
  expect(await readFile(file('a.ghcb', 'title é'))).toEqual({
    ok: true,
    value: { name: 'a.ghcb', text: 'title é' },
  });
});

test.each([
  ['binary', new Uint8Array([0x7f, 0x45, 0]), 'file'],
  ['text in Latin-1', new Uint8Array([0x74, 0xfc]), 'file'],
  ['a log', 'SEV-ES guest requested termination: 0x1:0x2', 'text'],
])('a file that is %s is opened as what it is', async (_, content, as) => {
  const read = await readFile(file('dropped', content));
  expect(read.ok && as in read.value).toBe(true);
});

test.each([
  ['nothing', null],
  ['damage', '{"version":1,'],
  ['another version', '{"version":9,"preferences":{"theme":"dark"}}'],
  ['nonsense', '{"version":1,"preferences":{"theme":3,"singleKeys":"no"},"saved":[1,{"slug":2}]}'],
])('what the browser kept may be %s: the defaults hold', (_, text) => {
  expect(parseStored(text)).toEqual({
    version: 1,
    preferences: { theme: 'auto', singleKeys: true, split: true },
    saved: [],
  });
});

test('what was kept is read back', () => {
  const kept = {
    version: 1 as const,
    preferences: { theme: 'dark' as const, singleKeys: false, split: false },
    saved: [{ slug: 'mine', title: 'Mine', text: 'ghcb-scenario 1' }],
  };
  expect(parseStored(JSON.stringify(kept))).toEqual(kept);
});

test.each([
  ['a large log', 'guest.log', 'log'],
  ['a scenario that is too large', 'big.ghcb', undefined],
  ['a small file', 'small.log', undefined],
])('%s is told by its size', async (_, name, kind) => {
  const text = name === 'small.log' ? 'x' : 'x'.repeat((4 << 20) + 1);
  expect(await largeKindOf(new File([text], name))).toBe(kind);
});
