/** Shipped scenarios run under every generation and every overlay: whatever an old kernel lacks, the run goes on. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { overlayIds } from '../profiles/overlays';
import { profileIds } from '../profiles/profiles';
import { profile, type ProfileName } from '../profiles/resolve';
import { isLong } from '../testing/effort';
import { memoryTape } from './memory-tape';
import { parseScenario } from './parse';
import { runScenario } from './run';

const folder = join(import.meta.dirname, '../../public/scenarios');
const files = readdirSync(folder).filter((file) => file.endsWith('.ghcb'));
const names: readonly ProfileName[] = [...profileIds, ...overlayIds];

/** The programs give up at different points; a run longer than this goes in circles. */
const options = { maxSteps: 200_000 };

/** Every third one, another third for the next file. */
const namesFor = (file: string): readonly ProfileName[] =>
  isLong ? names : names.filter((_, at) => (at + files.indexOf(file)) % 3 === 0);

describe.each(files)('%s', (file) => {
  const parsed = parseScenario(readFileSync(join(folder, file), 'utf8'));

  test.each(namesFor(file))('runs under %s to its end', (name) => {
    if (!parsed.ok) throw new Error(`${file} does not parse`);
    const run = runScenario(parsed.scenario, profile(name), memoryTape, options);
    expect(run.problems).toEqual([]);
    expect(run.timeline.acts.length).toBeGreaterThan(0);
  });
});
