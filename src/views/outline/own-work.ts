/** What the outline shows of a person's works, and what can be done with them there. */
export interface ShownWork {
  /** The one that changed last comes first. */
  readonly works: readonly {
    readonly id: string;
    readonly name: string;
    readonly base?: string;
    /** In milliseconds since 1970. */
    readonly changed: number;
    readonly branches: readonly unknown[];
  }[];
  readonly current: string | undefined;
  /** Why nothing outlives the page; empty while it does. */
  readonly refusal: string;
  /** Works whose last change is not written yet. */
  readonly unsaved: number;
  /** Deleted last: it can be brought back. */
  readonly removed: { readonly name: string } | undefined;
  rename(id: string, name: string): void;
  remove(id: string): Promise<void>;
  undoRemove(): void;
}
