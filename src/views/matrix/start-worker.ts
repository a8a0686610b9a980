/** The bundler finds the worker by this very expression. */
export const startWorker = (): Worker =>
  new Worker(new URL('./matrix.worker.ts', import.meta.url), { type: 'module' });
