/** What this browser remembers of a person's preferences. Works without it, and says so. */
import { isNewer, parseStored, type Stored } from './stored';

const KEY = 'vmgexit';

export type { Preferences, SavedScenario, Stored } from './stored';

/** What is remembered; defaults where the browser refuses or what it kept is damaged. */
export function readStored(): Stored {
  try {
    return parseStored(localStorage.getItem(KEY));
  } catch {
    return parseStored(null);
  }
}

/**
 * Changes what is remembered now: another tab may have written since this page was loaded. What a newer version of the
 * page wrote stays as it is.
 * @returns false when the browser refuses or is full, or a newer version owns the data
 */
export function changeStored(change: (stored: Stored) => Stored): boolean {
  try {
    const text = localStorage.getItem(KEY);
    if (isNewer(text)) return false;
    localStorage.setItem(KEY, JSON.stringify(change(parseStored(text))));
    return true;
  } catch {
    return false;
  }
}
