/** The ask bar's index and all that it knows, in a chunk of its own: the field is there before it. */
export { declaredEntries } from './entries';
export { linkUnder, parseQuery } from './query';
export { askIndex } from './search';
export { valueEntries } from './values';
