/** What this browser remembers of a person: how they like the page, and what they saved. */
import { readStored, writeStored, type Preferences, type SavedScenario, type Stored } from './storage';

export class Memory {
  private stored = $state.raw<Stored>(readStored());

  readonly preferences: Preferences = $derived(this.stored.preferences);
  readonly saved: readonly SavedScenario[] = $derived(this.stored.saved);

  prefer(change: Partial<Preferences>): void {
    this.keep({ ...this.stored, preferences: { ...this.stored.preferences, ...change } });
  }

  /** Replaces what was saved under the same name. @returns false when the browser refuses or is full */
  save(entry: SavedScenario): boolean {
    const others = this.saved.filter((one) => one.slug !== entry.slug);
    return this.keep({ ...this.stored, saved: [...others, entry] });
  }

  has(slug: string | undefined): boolean {
    return this.saved.some((one) => one.slug === slug);
  }

  private keep(stored: Stored): boolean {
    this.stored = stored;
    return writeStored(stored);
  }
}
