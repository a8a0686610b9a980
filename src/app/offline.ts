/** The service worker that keeps the page for times without a network. A new version is announced and never forced. */
import { scriptUrl } from '../views/shared/script-url';

const newVersion =
  'A new version of this page is there. It is used once every tab with this one is closed; until then nothing changes.';

/** @param tell is told of a new version. A browser that refuses, or a damaged worker, leaves the page as it is. */
export async function keepOffline(tell: (text: string) => void): Promise<void> {
  if (!import.meta.env.PROD || !/^https?:$/.test(location.protocol)) return;
  try {
    const { serviceWorker } = navigator;
    const registration = await serviceWorker.register(
      scriptUrl(new URL('service-worker.js', document.baseURI).href),
    );
    const look = (): void => {
      if (registration.waiting && serviceWorker.controller) tell(newVersion);
    };
    look();
    registration.addEventListener('updatefound', () =>
      registration.installing?.addEventListener('statechange', look),
    );
  } catch {
    // refused, or no https: the page works from the network
  }
}
