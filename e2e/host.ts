/** A static host of its own for a test: a built site under any path, and another one in its place when the test says so. */
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

export interface Host {
  readonly origin: string;
  /** Paths that were asked for, without the base. */
  readonly asked: ReadonlySet<string>;
  /** Those that were not found. */
  readonly missing: readonly string[];
  /** Serves another folder from now on. */
  serve(folder: string): void;
  /** Answers a path with a text of its own. */
  answer(path: string, text: string): void;
  close(): Promise<void>;
}

/** @param base path under which the folder stands, such as `/a/b/` */
export async function host(folder: string, base = '/'): Promise<Host> {
  let root = folder;
  const missing: string[] = [];
  const asked = new Set<string>();
  const own = new Map<string, string>();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://host');
    const path = normalize(decodeURIComponent(pathname.slice(base.length)) || 'index.html');
    asked.add(path);
    const send = async (): Promise<void> => {
      const isInside = pathname.startsWith(base) && !path.startsWith('..');
      const content =
        own.get(path) ?? (isInside ? await readFile(join(root, path)).catch(() => undefined) : undefined);
      if (content === undefined) missing.push(path);
      response.writeHead(content === undefined ? 404 : 200, {
        'Content-Type': types[extname(path)] ?? 'text/plain; charset=utf-8',
        'Cache-Control': 'no-cache',
      });
      response.end(content ?? 'not found');
    };
    void send();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    asked,
    missing,
    serve: (other) => (root = other),
    answer: (path, text) => own.set(path, text),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
