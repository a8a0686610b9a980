/**
 * A Vite plugin: `virtual:matrix` has the names of the charts of the edge matrix, and their rows under the front page's
 * profiles. Rows take seconds, so the result is kept beside Vite's own cache, under a digest of every file that it was made
 * from. In development there are none: the worker computes each chart by the sources as they are.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runnerImport, type Plugin } from 'vite';
import type { PackedRows } from '../../explorer/matrix/rows';
import type * as frontMatrixModule from './matrix.ts';
import { FRONT_SCENARIO } from './plugin.ts';

const NAME = 'virtual:matrix';
const RESOLVED = `\0${NAME}`;
const ENTRY = '/src/cli/front-page/matrix.ts';
const CHARTS = '/src/explorer/matrix/charts.ts';

/** In development. */
const none: PackedRows = { cells: [], charts: {} };

/** @returns JSON */
async function frontMatrix(cache: string): Promise<string> {
  const { module, dependencies } = await runnerImport<typeof frontMatrixModule>(ENTRY, { logLevel: 'error' });
  const digest = createHash('sha256');
  for (const file of [...dependencies, FRONT_SCENARIO].sort())
    if (existsSync(file)) digest.update(readFileSync(file));
  const path = join(cache, 'matrix', `${digest.digest('hex').slice(0, 32)}.json`);
  if (existsSync(path)) return readFileSync(path, 'utf8');
  const json = JSON.stringify(module.matrixOf(FRONT_SCENARIO));
  mkdirSync(join(cache, 'matrix'), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, json);
  renameSync(`${path}.${process.pid}`, path); // another build may read it meanwhile
  return json;
}

export function matrixRows(): Plugin {
  let cache = '';
  let isDevelopment = false;
  return {
    name: 'matrix',
    configResolved({ cacheDir, command, mode }) {
      cache = cacheDir;
      isDevelopment = command === 'serve' && mode === 'development';
    },
    resolveId: (id) => (id === NAME ? RESOLVED : undefined),
    async load(id) {
      if (id !== RESOLVED) return undefined;
      if (isDevelopment)
        return `export { matrixCharts as charts } from '${CHARTS}';\nexport const rows = ${JSON.stringify(none)};`;
      const json = await frontMatrix(cache);
      return `export const { charts, rows } = JSON.parse(${JSON.stringify(json)});`;
    },
  };
}
