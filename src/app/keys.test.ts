import { describe, expect, test } from 'vitest';
import { isSingleKey, keyName, KeyReader, type KeyPress } from './keys';

const press = (key: string, held: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
});

test.each([
  [press('j'), 'j'],
  [press('G', { shiftKey: true }), 'G'],
  [press('?', { shiftKey: true }), '?'],
  [press(' '), 'Space'],
  [press('K', { ctrlKey: true, shiftKey: true }), 'Ctrl-k'],
  [press('k', { metaKey: true }), 'Ctrl-k'],
  [press('Enter', { ctrlKey: true }), 'Ctrl-Enter'],
  [press('F6', { shiftKey: true }), 'Shift-F6'],
  [press('Shift', { shiftKey: true }), undefined],
])('%o is the key %s', (event, name) => {
  expect(keyName(event)).toBe(name);
});

test.each([
  ['j', true],
  ['g l', true],
  ['Space', true],
  ['Ctrl-k', false],
  ['F6', false],
  ['Escape', false],
])('%s would take a letter from someone who types: %s', (sequence, single) => {
  expect(isSingleKey(sequence)).toBe(single);
});

describe('a reader that knows j, G, 0, g g, g l and ] f', () => {
  const read = (...keys: string[]) => {
    const reader = new KeyReader(['j', 'G', '0', 'g g', 'g l', '] f']);
    return keys.map((key) => reader.feed(key)).at(-1);
  };

  test.each([
    [['j'], 'j', undefined],
    [['g', 'l'], 'g l', undefined],
    [[']', 'f'], '] f', undefined],
    [['1', '2', 'G'], 'G', 12],
    [['1', '0', 'j'], 'j', 10],
    [['3', 'g', 'g'], 'g g', 3],
    [['0'], '0', undefined],
    [['g', 'j'], 'j', undefined],
  ])('%j is %s with count %s', (keys, sequence, count) => {
    expect(read(...keys)).toEqual({ kind: 'command', sequence, count });
  });

  test.each([
    [['g'], 'g'],
    [['1', '2', 'g'], '12g'],
  ])('%j waits for more', (keys, typed) => {
    expect(read(...keys)).toEqual({ kind: 'pending', typed });
  });

  test('an unknown key does nothing and leaves nothing behind', () => {
    const reader = new KeyReader(['g l']);
    reader.feed('4');
    expect(reader.feed('q')).toEqual({ kind: 'nothing' });
    expect(reader.pending).toBe('');
  });
});
