import { workerFrom } from '../shared/start-worker';
import address from './matrix.worker.ts?worker&url';

export const startWorker = (): Worker => workerFrom(address);
