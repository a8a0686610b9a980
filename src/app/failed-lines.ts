/** Where in its text a scenario expected something else than what came. */
import { letterRanges } from '../drawings/compared-rows';
import { parseScenario } from '../scenarios/parse';
import type { ShownRun } from './shown-run';

export interface FailedLine {
  /** From 1. */
  readonly line: number;
  /** What was expected and what came, in which runs. */
  readonly message: string;
}

/** Runs that found the same stand together. @param text that the runs came from */
export function failedLines(text: string, runs: readonly ShownRun[]): readonly FailedLine[] {
  if (!runs.some(({ expectations }) => expectations.some(({ ok }) => !ok))) return [];
  const parsed = parseScenario(text);
  if (!parsed.ok) return [];
  const found = new Map<string, { line: number; says: string; runs: number[] }>();
  runs.forEach(({ expectations }, run) => {
    for (const { line, ok, expected, actual } of expectations) {
      const place = parsed.places[line];
      if (ok || !place) continue;
      const says = `expected ${expected}, got ${actual}`;
      const key = `${place.line} ${says}`;
      const same = found.get(key) ?? { line: place.line, says, runs: [] };
      same.runs.push(run);
      found.set(key, same);
    }
  });
  return [...found.values()].map(({ line, says, runs: which }) => ({
    line,
    message: which.length === runs.length ? says : `${letterRanges(which)}: ${says}`,
  }));
}
