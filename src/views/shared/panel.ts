/**
 * How a view declares itself: one `panel.ts` in its folder, listed once in `app/panels.ts`. Its tab, key, palette entry,
 * help and links come from this declaration, and its component is loaded when its tab is first opened.
 */
import type { Component } from 'svelte';
import type { ComparedProps, RunExtras, ScopeProps, TextProps, ToolProps, ViewProps } from './view';

type Loader<Props extends object> = () => Promise<{ readonly default: Component<Props> }>;

/** What a view needs decides which props it gets. */
type Needs =
  | {
      readonly needs: 'run';
      readonly load: Loader<ViewProps & RunExtras>;
      /** The same for several runs; without it the view shows the first of them. */
      readonly loadCompared?: Loader<ComparedProps & RunExtras>;
    }
  | { readonly needs: 'text'; readonly load: Loader<TextProps> }
  | { readonly needs: 'scope'; readonly load: Loader<ScopeProps> }
  | { readonly needs: 'nothing'; readonly load: Loader<ToolProps> };

export type Panel = Needs & {
  /** As links name it: `v=pages`. */
  readonly id: string;
  readonly title: string;
  /** What it shows, in a sentence: said of its tab on focus. */
  readonly says: string;
  /** The keys that open it: `g p`. */
  readonly keys: string;
  /** A view with links of its own: `#/<prefix>/...`. */
  readonly link?: {
    readonly prefix: string;
    /** Its links name the profiles that are shown. */
    readonly carriesProfiles?: true;
  };
  /** It shows details in its own way: the inspector is hidden. */
  readonly hidesInspector?: true;
};
