/** What filters steps, in a chunk of its own: the field is there before it. */
export { rowHits, stepHits } from '../recording/filter/hits';
export { parseFilter } from '../scenarios/filter/parse';
