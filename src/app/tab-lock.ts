/** Which tabs show this page: each holds one shared lock from its first script on, so that none is overlooked. */

const TAB_LOCK = 'vmgexit-tab';

/** Holds the lock of this tab for as long as it is open. A browser without locks, or that refuses, goes without. */
export function holdTab(): void {
  const forEver = new Promise<never>(() => {});
  void navigator.locks?.request(TAB_LOCK, { mode: 'shared' }, () => forEver).catch(() => undefined);
}

/** @returns how many other tabs show the page; 0 where the browser does not say */
export async function otherTabs(): Promise<number> {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  return Math.max(0, held.filter(({ name }) => name === TAB_LOCK).length - 1);
}
