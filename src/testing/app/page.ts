/** A browser's surroundings for unit tests of the shell: an address, what it remembers, and the files that the page asks for. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';

const shipped = join(import.meta.dirname, '../../../public');

/** The address bar, and what was put into it. */
export interface Surroundings {
  readonly location: { href: string; hash: string };
  readonly stored: Map<string, string>;
}

/** Stands until `vi.unstubAllGlobals()`. @param hash what stands behind the address of the page */
export function openPage(hash = ''): Surroundings {
  const stored = new Map<string, string>();
  const location = { href: `https://page.test/${hash}`, hash };
  vi.stubGlobal('location', location);
  vi.stubGlobal('document', { baseURI: 'https://page.test/' });
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
  });
  const goTo = (_: unknown, __: string, to: string): void => {
    const address = new URL(to, location.href);
    location.hash = address.hash;
    location.href = address.href;
  };
  vi.stubGlobal('history', { state: null, replaceState: goTo, pushState: goTo });
  vi.stubGlobal('fetch', async (address: string) => {
    try {
      return new Response(await readFile(join(shipped, new URL(address).pathname)));
    } catch {
      return new Response('', { status: 404 });
    }
  });
  return { location, stored };
}
