/** The form of what the browser remembers, and how a damaged or older one is read: nothing in it is trusted. */
import { themes, type Theme } from './theme';

const VERSION = 1;

export interface Preferences {
  readonly theme: Theme;
  /** Keys without Ctrl act; people who dictate or use other tools switch them off (WCAG 2.1.4). */
  readonly singleKeys: boolean;
  /** Pages below the ladder. */
  readonly split: boolean;
}

export interface SavedScenario {
  readonly slug: string;
  readonly title: string;
  readonly text: string;
}

export interface Stored {
  readonly version: typeof VERSION;
  readonly preferences: Preferences;
  /** Scenarios of an earlier version of the page, until they are among a person's works. */
  readonly saved: readonly SavedScenario[];
}

const defaults: Preferences = { theme: 'auto', singleKeys: true, split: true };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function preferencesOf(value: unknown): Preferences {
  if (!isRecord(value)) return defaults;
  const flag = (name: 'singleKeys' | 'split'): boolean =>
    typeof value[name] === 'boolean' ? value[name] : defaults[name];
  return {
    theme: themes.find((theme) => theme === value['theme']) ?? defaults.theme,
    singleKeys: flag('singleKeys'),
    split: flag('split'),
  };
}

const isSaved = (value: unknown): value is SavedScenario =>
  isRecord(value) &&
  typeof value['slug'] === 'string' &&
  typeof value['title'] === 'string' &&
  typeof value['text'] === 'string';

function recordOf(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** Whether a newer version of the page wrote a text. */
export function isNewer(text: string | null): boolean {
  const { version } = recordOf(text);
  return typeof version === 'number' && version > VERSION;
}

export function parseStored(text: string | null): Stored {
  const found = recordOf(text);
  const record = found['version'] === VERSION ? found : {};
  const saved = Array.isArray(record['saved']) ? record['saved'].filter(isSaved) : [];
  return { version: VERSION, preferences: preferencesOf(record['preferences']), saved };
}
