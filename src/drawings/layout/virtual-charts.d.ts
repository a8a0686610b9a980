/** The layout of every statechart, made by `plugin.ts` when the page is built. */
declare module 'virtual:charts' {
  // An ambient module cannot import by a relative name.
  // eslint-disable-next-line @typescript-eslint/consistent-type-imports
  const charts: import('../chart-layout').ChartLayouts;
  export default charts;
}
