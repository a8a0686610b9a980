/** Light or dark: what the system says, unless a person chose. `index.html` does the same before the first paint. */
export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const systemIsDark = (): MediaQueryList => window.matchMedia('(prefers-color-scheme: dark)');

export function applyTheme(theme: Theme): void {
  const dark = theme === 'dark' || (theme === 'auto' && systemIsDark().matches);
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
}

/** Calls back when the system changes its mind. @returns what stops it */
export function onSystemTheme(callback: () => void): () => void {
  const query = systemIsDark();
  query.addEventListener('change', callback);
  return () => query.removeEventListener('change', callback);
}
