import { workerFrom } from '../shared/start-worker';
import address from './explore.worker.ts?worker&url';

export const startWorker = (): Worker => workerFrom(address);

/** Which engine searches: the name of the worker's file holds a digest of all that is in it, where the page is built. */
export const engineBuild: string | undefined = /\/(explore\.worker-[\w-]+)\.js$/.exec(address)?.[1];
