/** A Vite plugin that writes the Content-Security-Policy into the built pages, and its headers into files for hosts. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/** The texts of the inline scripts of a page. */
export const inlineScripts = (html: string): readonly string[] =>
  [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text = '']) => text);

export const hashOf = (script: string): string =>
  `'sha256-${createHash('sha256').update(script).digest('base64')}'`;

/**
 * Everything from the page's own origin, nothing inline but the scripts with these hashes.
 *
 * Pictures may be `data:`, because CodeMirror draws its marks so, and `blob:`, as what the page itself draws. Trusted Types are made by two policies: Svelte's, for the
 * templates that the compiler wrote, and the one that passes the worker's address.
 */
export const policy = (hashes: readonly string[]): string =>
  [
    "default-src 'self'",
    ["script-src 'self'", ...hashes].join(' '),
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types svelte-trusted-html vmgexit-worker',
  ].join('; ');

/** Headers for a server of the page. A page cannot say in itself who may frame it. */
export const headers = (hashes: readonly string[]): Readonly<Record<string, string>> => ({
  'Content-Security-Policy': `${policy(hashes)}; frame-ancestors 'self'`,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
});

/** The headers in the files that static hosts read. */
export function headerFiles(hashes: readonly string[]): Readonly<Record<string, string>> {
  const lines = Object.entries(headers(hashes));
  return {
    // Netlify and Cloudflare Pages
    _headers: ['/*', ...lines.map(([name, value]) => `  ${name}: ${value}`), ''].join('\n'),
    // Apache
    '.htaccess': [
      '<IfModule mod_headers.c>',
      ...lines.map(([name, value]) => `  Header always set ${name} "${value}"`),
      '</IfModule>',
      '',
    ].join('\n'),
    // nginx, to be included in the server block
    'nginx-headers.conf': [...lines.map(([name, value]) => `add_header ${name} "${value}" always;`), ''].join(
      '\n',
    ),
  };
}

/** Pages that are built. */
const PAGES = ['index.html', 'inspector.html', 'speaker.html'];

const hashesIn = (folder: string): readonly string[] =>
  PAGES.filter((page) => existsSync(join(folder, page))).flatMap((page) =>
    inlineScripts(readFileSync(join(folder, page), 'utf8')).map(hashOf),
  );

export function security(): Plugin {
  return {
    name: 'security',
    transformIndexHtml: {
      order: 'post',
      // While the page is developed, Vite adds scripts and styles of its own.
      handler: (html, { server }) =>
        server
          ? html
          : {
              html,
              tags: [
                {
                  tag: 'meta',
                  injectTo: 'head-prepend',
                  attrs: {
                    'http-equiv': 'Content-Security-Policy',
                    content: policy(inlineScripts(html).map(hashOf)),
                  },
                },
              ],
            },
    },
    writeBundle({ dir = 'dist' }) {
      for (const [name, text] of Object.entries(headerFiles(hashesIn(dir))))
        writeFileSync(join(dir, name), text);
    },
    configurePreviewServer({ config, middlewares }) {
      const all = Object.entries(headers(hashesIn(join(config.root, config.build.outDir))));
      middlewares.use((_, response, next) => {
        for (const [name, value] of all) response.setHeader(name, value);
        next();
      });
    },
  };
}
