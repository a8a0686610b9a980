/** The layout of every statechart, made by `plugin.ts` when the page is built. */
declare module 'virtual:charts' {
  // An ambient module cannot import by a relative name.
  // oxlint-disable-next-line typescript/consistent-type-imports
  const charts: import('../chart-layout').ChartLayouts;
  export default charts;
}
