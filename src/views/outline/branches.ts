/** What stands beside the branch that is shown. */
interface ShownBeside {
  /** Nothing while the branch is shown alone or under several profiles. */
  readonly counterpart: { readonly name: string } | undefined;
  /** What the branch began as, in a few words; nothing where it is still that. */
  readonly origin: string | undefined;
  withBranch(id: string): Promise<boolean>;
  withOrigin(): Promise<void>;
  leave(): boolean;
}

/** What can be done with branches, and with the act that is shown, in the outline. */
export interface ShownBranches {
  /** Deleted last: it can be brought back. */
  readonly removed: { readonly branch: { readonly title: string } } | undefined;
  readonly beside: ShownBeside;
  rename(id: string, title: string): void;
  remove(id: string): void;
  undoRemove(): void;
  leaveOut(): Promise<void>;
  askChange(): Promise<void>;
  move(by: -1 | 1): Promise<void>;
}
