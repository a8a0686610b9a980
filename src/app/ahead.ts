/** The parts in which a run is shown: loaded beside the engine and not after the run. */
import { panelNamed, panelOf, type ViewId } from './panels';
import { parseAddress } from './url';

/** What shows a step of several runs, and of one. */
export const loadComparedInspector = () => import('../views/inspector/ComparedInspector.svelte');
export const loadInspector = () => import('../views/inspector/InspectorView.svelte');

/** The page that is about to show a run. */
export interface AwaitedPage {
  /** The view that the address opens, as far as it is known before the run. */
  readonly view: ViewId;
  readonly inspectorOpen: boolean;
  readonly memory: { readonly preferences: { readonly split: boolean } };
}

/**
 * Loads what an address is most likely shown in: few scenarios name one profile alone.
 * @param hash as in the address bar
 * @returns when all of it is there; rejected where a part does not come
 */
export function loadAhead({ view, inspectorOpen, memory }: AwaitedPage, hash: string): Promise<unknown> {
  const { target, showing } = parseAddress(hash);
  const compares = showing.profiles?.length !== 1;
  const panel = panelNamed(showing.view ?? '') ?? panelOf(view);
  const views = [panel];
  const isSplit = panel.id === 'ladder' && memory.preferences.split && target.kind !== 'front';
  if (isSplit) views.push(panelOf('pages'));
  const loads: Promise<unknown>[] = views.map((one) => {
    const compared = compares && one.needs === 'run' ? one.loadCompared : undefined;
    return (compared ?? one.load)();
  });
  if (inspectorOpen && panel.needs === 'run' && !panel.hidesInspector)
    loads.push((compares ? loadComparedInspector : loadInspector)());
  return Promise.all(loads);
}
