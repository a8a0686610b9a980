/**
 * Vite plugin for `npm run build:single`: the whole page as one HTML file that opens from the disk. What the page would load
 * lies in the file as data: a script answers `fetch` from it, and workers are started from blobs (views/shared/script-url.ts).
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { inlineScripts, policy } from './plugin.ts';

export const SINGLE_FILE = 'vmgexit.html';

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Text that ends no script element: inside JavaScript strings, templates and patterns the backslash changes nothing. */
const inScript = (text: string): string =>
  text.replace(/<\/(script)/gi, '<\\/$1').replaceAll('<!--', '<\\!--');
const inJson = (text: string): string => text.replaceAll('<', '\\u003c');

/** Runs before the page: what it fetches from its own folder comes from the data in the file. */
const answering = `
(function () {
  var files = JSON.parse(document.getElementById('vmgexit-files').textContent);
  var folder = document.baseURI.split(/[?#]/)[0].replace(/[^/]*$/, '');
  var fromNetwork = window.fetch;
  window.vmgexitFiles = files;
  window.fetch = function (request, options) {
    var path = String(request).split(/[?#]/)[0];
    if (path.indexOf(folder) !== 0) return fromNetwork.call(window, request, options);
    var text = files[decodeURIComponent(path.slice(folder.length))];
    return Promise.resolve(text === undefined ? new Response('', { status: 404 }) : new Response(text));
  };
})();
`;

export function singleFile(): Plugin {
  let dir = '';
  return {
    name: 'single-file',
    apply: 'build',
    configResolved(config) {
      dir = config.build.outDir;
    },
    closeBundle() {
      writeFileSync(join(dir, SINGLE_FILE), whole(dir));
      for (const name of readdirSync(dir))
        if (name !== SINGLE_FILE) rmSync(join(dir, name), { recursive: true });
    },
  };
}

/** The page of a build that has one script and one style sheet. */
function whole(dir: string): string {
  const read = (file: string): string => readFileSync(join(dir, file), 'utf8');
  const html = read('index.html');
  const script = /<script type="module"[^>]* src="\.\/([^"]+)"><\/script>/.exec(html);
  const style = /<link rel="stylesheet"[^>]* href="\.\/([^"]+)">/.exec(html);
  if (!script?.[1] || !style?.[1])
    throw new Error('the build has more or less than one script and one style sheet');
  const [code, css] = [inScript(read(script[1])), read(style[1])];
  const picture = (file: string): string => `data:image/svg+xml,${encodeURIComponent(read(file))}`;
  const data = inJson(JSON.stringify(filesOf(dir, script[1])));
  const body = html
    .replace(/<link rel="(?:modulepreload|manifest)"[^>]*>/g, '')
    .replace('href="./favicon.svg"', () => `href="${picture('favicon.svg')}"`)
    .replace('src="./front-page.svg"', () => `src="${picture('front-page.svg')}"`)
    .replace(style[0], () => `<style>${css}</style>`)
    .replace(
      script[0],
      () =>
        `<script type="application/json" id="vmgexit-files">${data}</script><script>${answering}</script>`,
    )
    .replace('</body>', () => `<script type="module">${code}</script></body>`);
  return body.replace(/(<meta http-equiv="Content-Security-Policy" content=")[^"]*/, (_, begin: string) => {
    const hashes = [...inlineScripts(body).filter((text) => text !== code), code].map(hashOf);
    return begin + ofOneFile(policy(hashes), css);
  });
}

const ofOneFile = (strict: string, css: string): string =>
  strict
    .replace("style-src 'self'", `style-src ${hashOf(css)}`)
    .concat("; worker-src blob:; connect-src 'none'");

/** What the page may ask for, by its path. */
function filesOf(dir: string, script: string): Readonly<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const folder of ['scenarios', 'recordings', 'lessons', 'assets'])
    for (const name of readdirSync(join(dir, folder))) {
      const path = `${folder}/${name}`;
      if (path !== script && !name.endsWith('.css')) files[path] = readFileSync(join(dir, path), 'utf8');
    }
  return files;
}
