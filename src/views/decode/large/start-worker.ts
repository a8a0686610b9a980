import { workerFrom } from '../../shared/start-worker';
import address from './count.worker.ts?worker&url';

export const startWorker = (): Worker => workerFrom(address);
