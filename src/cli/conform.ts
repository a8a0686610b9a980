/** `conform`: the engine against outputs of executed kernel functions. */
import { conformCommand, VectorError } from './conform/main';
import { UsageError, type Output } from './io';

export function conform(words: readonly string[]): Output {
  const lines: string[] = [];
  try {
    const status = conformCommand(words, (text) => lines.push(text));
    return { text: lines.join(''), status };
  } catch (error) {
    if (error instanceof VectorError) throw new UsageError(error.message);
    throw error;
  }
}
