/** A Vite plugin that writes the front scenario, compared, into index.html, and its picture beside it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runnerImport, type Plugin } from 'vite';
import type * as frontPageModule from './front-page.ts';

const SLUG = 'ap-create-on-init-then-create';
const pathOf = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The scenario that the front page shows. */
export const FRONT_SCENARIO = pathOf(`public/scenarios/${SLUG}.ghcb`);

async function made(): Promise<frontPageModule.FrontPage & { readonly file: string }> {
  const { module } = await runnerImport<typeof frontPageModule>('/src/cli/front-page/front-page.ts', {
    logLevel: 'error',
  });
  const [scenario, css] = [FRONT_SCENARIO, pathOf('src/views/shared/tokens.css')].map((path) =>
    readFileSync(path, 'utf8'),
  );
  const page = module.frontPage(scenario ?? '', css ?? '', `#/s/${SLUG}`);
  return { ...page, file: module.PICTURE_FILE };
}

export function frontPage(): Plugin {
  let page: ReturnType<typeof made> | undefined;
  const once = (): ReturnType<typeof made> => (page ??= made());
  return {
    name: 'front-page',
    transformIndexHtml: {
      order: 'post', // the picture's address is no asset that Vite would look for
      async handler(html, { path }) {
        if (!path.endsWith('/index.html')) return html;
        const { html: front } = await once();
        return html.replace('<!-- front page -->', () => front);
      },
    },
    async generateBundle() {
      const { file, svg } = await once();
      this.emitFile({ type: 'asset', fileName: file, source: svg });
    },
    configureServer({ middlewares }) {
      middlewares.use('/front-page.svg', (_, response) => {
        const send = async (): Promise<void> => {
          const { svg } = await once();
          response.setHeader('Content-Type', 'image/svg+xml');
          response.end(svg);
        };
        send().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
      });
    },
  };
}
