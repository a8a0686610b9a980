/** What can be done with branches in the outline. */
export interface ShownBranches {
  /** Deleted last: it can be brought back. */
  readonly removed: { readonly branch: { readonly title: string } } | undefined;
  rename(id: string, title: string): void;
  remove(id: string): void;
  undoRemove(): void;
}
