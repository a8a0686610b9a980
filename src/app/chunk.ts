/** Parts of the page that are loaded when they are used, and may not come. */

/** What to say of a part that did not come. */
export const missingText = (what: string): string =>
  `${what} could not be loaded: a file of the page did not come. Check the connection and load the page again.`;

/** @returns the part, or nothing when it did not come, which a person is told */
export async function loaded<T>(
  what: string,
  load: () => Promise<T>,
  warn: (text: string) => void,
): Promise<T | undefined> {
  try {
    return await load();
  } catch {
    warn(missingText(what));
    return undefined;
  }
}
