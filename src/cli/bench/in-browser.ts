/** The measurements that are made in a browser too, for `bench.mjs` to call there. */
export { benchMap } from './map';
export { benchTimeline } from './timeline';
