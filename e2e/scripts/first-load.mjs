// @ts-check
/**
 * Measures the JavaScript of the built page. Held to the budget is what index.html asks for at once: with it the page
 * stands and shows the front scenario that the build wrote into it; and what the matrix of the front page's profiles needs
 * besides, which is drawn without the engine. Printed beside it is what comes until the live ladder is drawn, which the
 * shell asks for without a click.
 */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET_BYTES = 80_000;
/** The engine alone is 200 kB. */
const MATRIX_BUDGET_BYTES = 40_000;

/** @type {Record<string, { file: string, imports?: string[], isEntry?: boolean }>} */
const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'));

/** @param {string} key @param {Set<string>} [seen] the chunks that a chunk needs at once, itself included */
function withStaticImports(key, seen = new Set()) {
  const chunk = manifest[key];
  if (!chunk || seen.has(key)) return seen;
  seen.add(key);
  for (const next of chunk.imports ?? []) withStaticImports(next, seen);
  return seen;
}

if (!manifest['index.html']) throw new Error('the build has no index.html entry');
const atOnce = withStaticImports('index.html');
const files = [...atOnce].map((key) => manifest[key]?.file ?? '');
const sizes = files.map((file) => ({ file, bytes: gzipSync(readFileSync(`dist/${file}`)).length }));
const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
/** @param {number} bytes */
const kb = (bytes) => (bytes / 1000).toFixed(1);

/** @param {Iterable<string>} keys @returns {number} bytes, compressed */
const sizeOf = (keys) =>
  [...keys].reduce((sum, key) => {
    const file = manifest[key]?.file;
    return sum + (file ? gzipSync(readFileSync(`dist/${file}`)).length : 0);
  }, 0);

for (const { file, bytes } of sizes) console.log(`  ${file}: ${kb(bytes)} kB gzip`);
console.log(`first load: ${kb(total)} of ${kb(BUDGET_BYTES)} kB gzip JavaScript`);
const untilLive = withStaticImports('src/app/engine.ts', new Set(atOnce));
withStaticImports('src/views/ladder/ComparedLadderView.svelte', untilLive); // the front page compares
console.log(`with the engine, until the live ladder is drawn: ${kb(sizeOf(untilLive))} kB gzip`);

const MATRIX = 'src/views/matrix/MatrixView.svelte';
if (!manifest[MATRIX]) throw new Error('the build has no matrix');
const ofMatrix = [...withStaticImports(MATRIX)].filter((key) => !atOnce.has(key));
const matrixBytes = sizeOf(ofMatrix);
console.log(
  `the first matrix: ${kb(matrixBytes)} of ${kb(MATRIX_BUDGET_BYTES)} kB gzip, ${ofMatrix.length} files`,
);
if (total > BUDGET_BYTES) {
  console.error(
    'The first load is over its budget: load the newest part when it is used (a dynamic import).',
  );
  process.exit(1);
}
if (matrixBytes > MATRIX_BUDGET_BYTES) {
  console.error(
    `The matrix is over its budget: what it imports needs the engine.\n  ${ofMatrix.join('\n  ')}`,
  );
  process.exit(1);
}
