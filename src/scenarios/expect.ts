/** Which runs an expectation is about. */
import { profileIds } from '../profiles/profiles';
import { parseProfileSpec } from '../profiles/resolve';
import type { ExpectLine } from './scenario';

/** `linux-*` stands for every generation whose name begins so, without overrides. */
export const generationsLike = (pattern: string): readonly string[] =>
  pattern.endsWith('*') ? profileIds.filter((id) => id.startsWith(pattern.slice(0, -1))) : [];

/** Whether an expectation is about a run under the profile that is written `spec` in full. */
export function appliesTo({ profiles }: Pick<ExpectLine, 'profiles'>, spec: string): boolean {
  if (profiles.length === 0) return true;
  return profiles.some((narrow) => {
    if (generationsLike(narrow).includes(spec)) return true;
    const parsed = parseProfileSpec(narrow);
    return parsed.ok && parsed.value.spec === spec;
  });
}
