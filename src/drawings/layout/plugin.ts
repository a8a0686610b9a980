/**
 * A Vite plugin: `import charts from 'virtual:charts'` gives the layout of every statechart as plain numbers. The layout
 * engine runs here, once per build, because it is larger than the whole page.
 */
import { runnerImport, type Plugin } from 'vite';
import type { ChartLayouts } from '../chart-layout';

const NAME = 'virtual:charts';
const RESOLVED = `\0${NAME}`;
/** Run by Vite and not imported by it, so that a chart in progress breaks this module and not the configuration. */
const ENTRY = '/src/drawings/layout/all-charts.ts';

interface AllCharts {
  layoutAllCharts(): Promise<ChartLayouts>;
}

export function charts(): Plugin {
  const dependencies = new Set<string>();
  let laidOut: Promise<ChartLayouts> | undefined;
  const layOut = async (): Promise<ChartLayouts> => {
    const { module, dependencies: files } = await runnerImport<AllCharts>(ENTRY, { logLevel: 'error' });
    for (const file of files) dependencies.add(file);
    return module.layoutAllCharts();
  };
  return {
    name: 'charts',
    resolveId: (id) => (id === NAME ? RESOLVED : undefined),
    async load(id) {
      if (id !== RESOLVED) return undefined;
      const layouts = await (laidOut ??= layOut());
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(layouts))})`;
    },
    hotUpdate({ file }) {
      if (!dependencies.has(file)) return undefined;
      laidOut = undefined;
      const module = this.environment.moduleGraph.getModuleById(RESOLVED);
      return module ? [module] : undefined;
    },
  };
}
