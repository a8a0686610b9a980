/** Times and figures of one run on one machine: good for ratios, not for comparing machines. */

/** Milliseconds of the fastest of several runs, after the code is warm. */
export function fastest(run: () => void, { warm, runs }: { warm: number; runs: number }): number {
  for (let i = 0; i < warm; i++) run();
  let best = Infinity;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** Milliseconds of processor time of the best of several runs: what other programs take meanwhile is no part of it. For Node. */
export function leastWork(run: () => void, runs: number): number {
  let best = Infinity;
  for (let i = 0; i < runs; i++) {
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

/** The value below which a share of all values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export const count = (value: number): string =>
  Math.round(value).toLocaleString('en-US').replaceAll(',', ' ');
export const milliseconds = (value: number): string => `${value.toFixed(value < 10 ? 3 : 1)} ms`;

/** A source of numbers that is the same in every run. */
export function sequence(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return Math.floor(((state >>> 0) / 2 ** 32) * below);
  };
}

/** One line of the report. */
export function line(what: string, figure: string, note = ''): void {
  console.log(`  ${what.padEnd(52)}${figure.padStart(16)}${note === '' ? '' : `   ${note}`}`);
}

/** Heads a part of the report. */
export function part(title: string): void {
  console.log(`\n${title}`);
}
