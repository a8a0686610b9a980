/** What `vm` and `run` lines say. */
import { MAX_FLASH_BYTES, MAX_MEMORY_BYTES, MAX_RUN_STEPS, MAX_VCPUS } from '../base/limits';
import type { Until, VmKey } from './scenario';
import { parseCount, parseSize } from './values';
import { type Parsed } from './parsed';

export const untilForms = 'until=terminated, until=idle, until=exit or until=steps:N';

export function untilOf(text: string): Until | undefined {
  if (text === 'terminated' || text === 'idle' || text === 'exit') return { what: text };
  const [, count] = /^steps:(.+)$/.exec(text) ?? [];
  const parsed = count === undefined ? undefined : parseCount(count, BigInt(MAX_RUN_STEPS));
  if (count === undefined || !parsed || !('value' in parsed) || parsed.value === 0) return undefined;
  return { what: 'steps', count: parsed.value, text: count };
}

export function vmValue(key: VmKey, text: string): Parsed<number> {
  if (key === 'memory') return positive(text, parseSize(text, MAX_MEMORY_BYTES));
  if (key === 'flash') return parseSize(text, MAX_FLASH_BYTES);
  if (key === 'vcpus') return positive(text, parseCount(text, BigInt(MAX_VCPUS)));
  const parsed = parseCount(text, 52n);
  if ('value' in parsed && parsed.value < 32) {
    return {
      problems: [{ at: 0, length: text.length, message: `${text} bits are too few`, expected: '32 to 52' }],
    };
  }
  return parsed;
}

function positive(text: string, parsed: Parsed<number>): Parsed<number> {
  if (!('value' in parsed) || parsed.value > 0) return parsed;
  return {
    problems: [
      { at: 0, length: text.length, message: 'there must be at least one', expected: 'more than 0' },
    ],
  };
}
