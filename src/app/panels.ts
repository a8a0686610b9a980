/** The views in the order of their tabs. Each declares itself in `panel.ts` of its folder. */
import { panel as decode } from '../views/decode/panel';
import { panel as exits } from '../views/exits/panel';
import { panel as explore } from '../views/explore/panel';
import { panel as ladder } from '../views/ladder/panel';
import { panel as machines } from '../views/machines/panel';
import { panel as matrix } from '../views/matrix/panel';
import { panel as pages } from '../views/pages/panel';
import type { Panel } from '../views/shared/panel';
import { panel as source } from '../views/source/panel';

const declared = [ladder, pages, machines, exits, matrix, explore, decode, source] as const;

export type ViewId = (typeof declared)[number]['id'];
/** A view that the page has. */
export type ShownPanel = Panel & { readonly id: ViewId };

export const panels: readonly ShownPanel[] = declared;

const byId = new Map<string, ShownPanel>(panels.map((panel) => [panel.id, panel]));
const byPrefix = new Map(
  panels.flatMap((panel) => (panel.link ? [[panel.link.prefix, panel] as const] : [])),
);

export const panelOf = (view: ViewId): ShownPanel => byId.get(view) ?? ladder;

/** The view of a name in a link: `v=pages`. */
export const panelNamed = (name: string): ShownPanel | undefined => byId.get(name);

/** The view whose own links begin so: `#/m/...`. */
export const panelLinkedAs = (prefix: string): ShownPanel | undefined => byPrefix.get(prefix);
