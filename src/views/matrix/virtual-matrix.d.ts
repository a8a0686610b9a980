/** The matrix under the front page's profiles, made by `src/cli/front-page/matrix-plugin.ts` when the page is built. */
declare module 'virtual:matrix' {
  // An ambient module cannot import by a relative name.
  // oxlint-disable-next-line typescript/consistent-type-imports
  const rows: import('../../explorer/matrix/rows').PackedRows;
  export default rows;
}
