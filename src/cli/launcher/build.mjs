// @ts-check
/** Bundles entries of the command line, with all they need, for Node. */
import { build } from 'vite';
import { shippedPackages } from './shipped.mjs';

/**
 * @param {string} root
 * @param {string} outDir
 * @param {Readonly<Record<string, string>>} entries file of each entry by the name of its bundle
 */
export async function buildCommandLine(root, outDir, entries) {
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'error',
    plugins: [shippedPackages().ofBundle()],
    ssr: { noExternal: true },
    build: {
      ssr: true,
      outDir,
      emptyOutDir: false,
      target: 'node20',
      minify: false,
      rolldownOptions: {
        input: { ...entries },
        output: { entryFileNames: '[name].mjs', chunkFileNames: 'chunks/[name]-[hash].mjs' },
      },
    },
  });
}
