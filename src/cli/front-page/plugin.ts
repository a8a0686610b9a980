/** A Vite plugin that writes the front scenario's ladder into index.html. */
import { fileURLToPath } from 'node:url';
import { runnerImport, type Plugin } from 'vite';

interface FrontPage {
  frontPageHtml(file: string): string;
}

/** The scenario that the front page shows. */
export const FRONT_SCENARIO = fileURLToPath(
  new URL('../../../public/scenarios/ap-create-on-init-then-create.ghcb', import.meta.url),
);

export function frontPage(): Plugin {
  return {
    name: 'front-page',
    transformIndexHtml: {
      order: 'pre',
      async handler(html, { path }) {
        if (!path.endsWith('/index.html')) return html;
        const { module } = await runnerImport<FrontPage>('/src/cli/front-page/front-page.ts', {
          logLevel: 'error',
        });
        return html.replace('<!-- front page -->', () => module.frontPageHtml(FRONT_SCENARIO));
      },
    },
  };
}
