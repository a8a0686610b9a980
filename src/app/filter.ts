/** What filters steps and follows values, in a chunk of its own: the field is there before it. */
export { rowHits, stepHits } from '../recording/filter/hits';
export { pinTrack } from '../recording/filter/tracks';
export { completed, completionsIn } from '../scenarios/filter/complete';
export { parseFilter } from '../scenarios/filter/parse';
