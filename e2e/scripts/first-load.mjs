// @ts-check
/** Measures the JavaScript that the built page loads before anyone clicks, and holds it to its budget. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET_BYTES = 80_000;

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
const files = [...withStaticImports('index.html')].map((key) => manifest[key]?.file ?? '');
const sizes = files.map((file) => ({ file, bytes: gzipSync(readFileSync(`dist/${file}`)).length }));
const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
/** @param {number} bytes */
const kb = (bytes) => (bytes / 1000).toFixed(1);

for (const { file, bytes } of sizes) console.log(`  ${file}: ${kb(bytes)} kB gzip`);
console.log(`first load: ${kb(total)} of ${kb(BUDGET_BYTES)} kB gzip JavaScript`);
if (total > BUDGET_BYTES) {
  console.error(
    'The first load is over its budget: load the newest part when it is used (a dynamic import).',
  );
  process.exit(1);
}
