/** `explore --promela` and `explore --trail`: a scope for SPIN, and back from it what it found. */
import { MAX_SCENARIO_BYTES } from '../base/limits';
import { readTrail } from '../explorer/promela/trail';
import { promelaOf } from '../explorer/promela/writer';
import type { ResolvedProfile } from '../profiles/resolve';
import { printScenario } from '../scenarios/print';
import { EXIT_FAILED, EXIT_FINE, readBytes, UsageError, type Output } from './io';
import type { ScenarioFile } from './scenario-file';

function onlyOne(profiles: readonly ResolvedProfile[], option: string): ResolvedProfile {
  const [profile, other] = profiles;
  if (!profile || other) throw new UsageError(`--${option} takes one profile, see --profile`);
  return profile;
}

/** The Promela model of a scope; what it does not cover goes to standard error as well. */
export function writePromela({ name, scenario }: ScenarioFile, profiles: readonly ResolvedProfile[]): Output {
  const written = promelaOf(scenario, onlyOne(profiles, 'promela'));
  if (!written.ok) throw new UsageError(`${name}: ${written.error.message}`);
  const { text, says } = written.value;
  return { text, status: EXIT_FINE, complaint: says };
}

/** A trail as a scenario; status 1 where its run does not show what SPIN found. */
export function readTrailFile(
  { scenario }: ScenarioFile,
  profiles: readonly ResolvedProfile[],
  file: string,
): Output {
  const text = new TextDecoder().decode(readBytes(file, MAX_SCENARIO_BYTES));
  const read = readTrail(scenario, onlyOne(profiles, 'trail'), text);
  if (!read.ok) {
    const { place = '', message } = read.error;
    throw new UsageError(`${file}: ${place === '' ? '' : `${place}: `}${message}`);
  }
  const { invariant, isShown } = read.value;
  return {
    text: printScenario(read.value.scenario),
    status: isShown ? EXIT_FINE : EXIT_FAILED,
    complaint: isShown ? '' : `the run does not break ${invariant ?? ''}, which SPIN found broken`,
  };
}
