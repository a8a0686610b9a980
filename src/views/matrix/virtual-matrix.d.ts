/** The charts of the matrix and their rows under the front page's profiles, made by `src/cli/front-page/matrix-plugin.ts`. */
declare module 'virtual:matrix' {
  // An ambient module cannot import by a relative name.
  // oxlint-disable-next-line typescript/consistent-type-imports
  export const charts: readonly import('../../explorer/matrix/chart').NamedChart[];
  // oxlint-disable-next-line typescript/consistent-type-imports
  export const rows: import('../../explorer/matrix/rows').PackedRows;
}
