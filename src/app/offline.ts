/**
 * The service worker that keeps the page for times without a network. A new version is announced and never forced, and no
 * tab ever gets files of two versions: it is taken by a reload, and only where no other tab still uses the old one.
 */
import { scriptUrl } from '../views/shared/script-url';
import { otherTabs } from './tab-lock';

/** A version of the page that waits. */
export interface NewVersion {
  /** Loads the page again with it. @returns why it cannot be taken now, if it cannot */
  take(): Promise<string | undefined>;
}

/** @param tell is told of a new version. A browser that refuses, or a damaged worker, leaves the page as it is. */
export async function keepOffline(tell: (version: NewVersion) => void): Promise<void> {
  if (!import.meta.env.PROD || !/^https?:$/.test(location.protocol)) return;
  try {
    const { serviceWorker } = navigator;
    const registration = await serviceWorker.register(
      scriptUrl(new URL('service-worker.js', document.baseURI).href),
    );
    const look = (): void => {
      const { waiting } = registration;
      if (waiting && serviceWorker.controller) tell({ take: () => take(waiting) });
    };
    const watch = (): void => registration.installing?.addEventListener('statechange', look);
    registration.addEventListener('updatefound', watch);
    watch(); // a browser looks for a new version when a page is opened: it may be on its way
    look();
  } catch {
    // refused, or no https: the page works from the network
  }
}

async function take(waiting: ServiceWorker): Promise<string | undefined> {
  const others = await otherTabs();
  if (others > 0)
    return `${others === 1 ? 'Another tab shows' : `${others} other tabs show`} the version that is in use: close ${others === 1 ? 'it' : 'them'} first, so that no tab gets files of two versions.`;
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  waiting.postMessage({ type: 'SKIP_WAITING' }); // what workbox's worker listens for
  return undefined;
}
