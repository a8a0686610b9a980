/** The layout of every statechart, made by `plugin.ts` when the page is built. */
declare module 'virtual:charts' {
  const charts: import('../chart-layout').ChartLayouts;
  export default charts;
}
