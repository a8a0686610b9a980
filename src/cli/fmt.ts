/** `fmt`: a scenario in its canonical form. */
import { isDeepStrictEqual } from 'node:util';
import { assert } from '../base/assert';
import { MAX_SCENARIO_BYTES } from '../base/limits';
import { parseScenario } from '../scenarios/parse';
import { printScenario } from '../scenarios/print';
import type { Scenario } from '../scenarios/scenario';
import { EXIT_FAILED, fine, readBytes, readWords, replaceFile, UsageError, type Output } from './io';
import { readScenario, warningLines } from './scenario-file';

export function fmt(words: readonly string[]): Output {
  const { plain, options } = readWords(words, { check: 'flag', write: 'flag' });
  if (plain.length === 0) throw new UsageError('fmt FILE... [--check|--write]; - is standard input');
  const read = plain.map((file) => ({ file, content: readScenario(file) }));
  const printed = read.map(({ file, content }) => ({ file, text: canonical(content.scenario) }));
  const complaint = read.flatMap(({ content }) => warningLines(content)).join('\n');
  if (options.has('write')) {
    for (const { file, text } of printed) if (file !== '-') replaceFile(file, text);
    return { ...fine(''), complaint };
  }
  if (options.has('check')) {
    const other = printed.filter(
      ({ file, text }) => text !== new TextDecoder().decode(readBytes(file, MAX_SCENARIO_BYTES)),
    );
    const text = other.map(({ file }) => `${file}: not in canonical form`).join('\n');
    return { ...(other.length === 0 ? fine('') : { text, status: EXIT_FAILED }), complaint };
  }
  return { ...fine(printed.map(({ text }) => text.trimEnd()).join('\n')), complaint };
}

/** The text that is read as the same scenario again; nothing else may take the place of a person's file. */
function canonical(scenario: Scenario): string {
  const text = printScenario(scenario);
  const again = parseScenario(text);
  assert(again.ok && isDeepStrictEqual(again.scenario, scenario), 'a scenario reads back as it was printed');
  return text;
}
