/** What this browser remembers: preferences, and scenarios that a person saved. Works without it, and says so. */
import { parseStored, type Stored } from './stored';

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

/** @returns false when the browser refuses or is full */
export function writeStored(stored: Stored): boolean {
  try {
    localStorage.setItem(KEY, JSON.stringify(stored));
    return true;
  } catch {
    return false;
  }
}
