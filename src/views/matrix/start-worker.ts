import address from './matrix.worker.ts?worker&url';

/** The part of Trusted Types that is used; older browsers have none of it. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

/** The policy is named in the page's Content-Security-Policy; it passes the one address that the bundler wrote. */
const policy = (globalThis as { readonly trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy(
  'vmgexit-worker',
  {
    createScriptURL(url) {
      if (url !== address) throw new Error(`${url} is not the worker's address`);
      return url;
    },
  },
);

export const startWorker = (): Worker =>
  new Worker(policy ? policy.createScriptURL(address) : address, { type: 'module' });
