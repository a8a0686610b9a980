/** The views in the middle, in the order of their tabs. Those of other folders are found by their file names and loaded when opened. */
import type { Component } from 'svelte';
import type { ComparedProps } from '../views/compare/view';
import type { ViewProps } from '../views/shared/view';
import type { DroppedFile } from './files';
import type { DecodeTarget } from './session.svelte';

export interface MachineName {
  readonly chart: string;
  readonly instance: number;
}
export interface PanelProps extends ViewProps {
  readonly oninspect?: (machine: MachineName) => void;
  /** What the decoder shows, as links name it. */
  readonly decode?: DecodeTarget | undefined;
  readonly ondecode?: (target: DecodeTarget) => void;
  /** A file for the decoder that was dropped anywhere. */
  readonly file?: DroppedFile | undefined;
  /** Opens the text of a scenario that a view made; with several profiles side by side, or under the first alone. */
  readonly onscenario?: (text: string, compare?: boolean) => void;
  /** The profiles that are shown, as they are written; the first is A. */
  readonly profiles?: readonly string[];
  /** Where in the matrix the page stands, as links name it. */
  readonly matrix?: readonly string[];
  readonly onmatrix?: (parts: readonly string[]) => void;
  readonly onprofiles?: () => void;
  /** A link to what is shown. */
  readonly link?: () => Promise<string>;
  /** Copies a text; `what` it is in a word. */
  readonly oncopy?: (what: string, text: string) => void;
}
/** Views of several runs take what views of one run may ask for besides. */
type ComparedLoader = () => Promise<{ default: Component<ComparedProps & Pick<PanelProps, 'oninspect'>> }>;
type Loader = () => Promise<{ default: Component<PanelProps> }>;

export interface Panel {
  readonly id: string;
  readonly title: string;
  readonly keys: string;
  /** Missing for the ladder and the source, which the shell draws itself. */
  readonly load?: Loader;
  /** The same for several runs, where the view shows one of them. */
  readonly loadCompared?: ComparedLoader;
}

const found = import.meta.glob<{ default: Component<PanelProps> }>(
  '../views/{pages,machines,exits,matrix,explore,decode}/*View.svelte',
);

const declared = [
  { id: 'ladder', title: 'Ladder', keys: 'g l' },
  { id: 'pages', title: 'Pages', keys: 'g p' },
  { id: 'machines', title: 'Machines', keys: 'g m' },
  { id: 'exits', title: 'Exits', keys: 'g r' },
  { id: 'matrix', title: 'Matrix', keys: 'g x' },
  { id: 'explore', title: 'Explore', keys: 'g e' },
  { id: 'decode', title: 'Decode', keys: 'g d' },
  { id: 'source', title: 'Source', keys: 'g s' },
] as const;

const compared: Readonly<Record<string, ComparedLoader>> = {
  pages: () => import('../views/compare/ComparedPages.svelte'),
  machines: () => import('../views/compare/ComparedMachines.svelte'),
  exits: () => import('../views/compare/ComparedExits.svelte'),
};

const fileOf = (id: string): string =>
  `../views/${id}/${id[0]?.toUpperCase() ?? ''}${id.slice(1)}View.svelte`;

export const panels: readonly Panel[] = declared.flatMap((panel): Panel[] => {
  if (panel.id === 'ladder' || panel.id === 'source') return [panel];
  const load = found[fileOf(panel.id)];
  if (!load) return [];
  const loadCompared = compared[panel.id];
  return [loadCompared ? { ...panel, load, loadCompared } : { ...panel, load }];
});
