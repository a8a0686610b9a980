/** Values and errors in a question: each is offered to the decoder under what it may be. */
import { recognise } from '../../abi/recognise';
import { littleEndian } from '../../base/bytes';
import { hex } from '../../base/hex';
import { bytesToLink } from '../../abi/edit';
import { kinds } from '../../abi/kinds';
import type { AskEntry } from './entry';

/** A number in hexadecimal with its sign, a longer one without it. */
const valuePattern = /\b(?:0x[0-9a-f]+|(?=[0-9a-f]*\d)[0-9a-f]{5,16})\b/giu;
const MANY_READINGS = 4;
const MANY_VALUES = 3;

/** What the values in a question may be, the most likely reading of each first. */
export function valueEntries(text: string): readonly AskEntry[] {
  const values = [...new Set(text.match(valuePattern) ?? [])].slice(0, MANY_VALUES);
  return values.flatMap((value, at) => {
    const found = recognise(value.startsWith('0x') ? value : `0x${value}`);
    const part = found.ok ? found.value.parts[0] : undefined;
    if (!part) return [];
    const asked = preferred(
      text,
      part.candidates.map(({ kind }) => kind),
    );
    return asked.slice(0, MANY_READINGS).flatMap((kind): AskEntry[] => {
      const declared = kinds[kind];
      if (!declared) return [];
      const link =
        declared.shape === 'word' ? littleEndian(part.bytes).toString(16) : bytesToLink(part.bytes);
      const shown = hex(littleEndian(part.bytes));
      return [
        {
          id: at === 0 ? `value-${kind}` : `value-${at + 1}-${kind}`,
          kind: 'value',
          title: `${shown} as ${declared.title}`,
          words: value,
          link: `#/d/${kind}/${link}`,
        },
      ];
    });
  });
}

/** Kinds whose name is in the question come first. */
function preferred(text: string, found: readonly string[]): readonly string[] {
  const words = text.toLowerCase().split(/[^a-z0-9]+/);
  const isNamed = (kind: string): boolean => kind.split('-').some((part) => words.includes(part));
  return [...found.filter(isNamed), ...found.filter((kind) => !isNamed(kind))];
}
