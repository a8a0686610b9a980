/** What this browser remembers of how a person likes the page. */
import { changeStored, readStored, type Preferences, type Stored } from './storage';

export class Memory {
  private stored = $state.raw<Stored>(readStored());

  readonly preferences: Preferences = $derived(this.stored.preferences);
  /** Scenarios that an earlier version of the page saved. */
  readonly saved = $derived(this.stored.saved);

  prefer(change: Partial<Preferences>): void {
    const preferences = { ...this.stored.preferences, ...change };
    this.stored = { ...this.stored, preferences };
    changeStored((stored) => ({ ...stored, preferences: { ...stored.preferences, ...change } }));
  }

  /** The saved scenarios are kept elsewhere now. */
  forgetSaved(): void {
    this.stored = { ...this.stored, saved: [] };
    changeStored((stored) => ({ ...stored, saved: [] }));
  }
}
