/** Starts the workers of views. The page's Content-Security-Policy names one policy for all of them. */

/** The part of Trusted Types that is used; older browsers have none of it. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

/** Addresses that the bundler wrote; the policy passes no other. */
const addresses = new Set<string>();

const policy = (globalThis as { readonly trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy(
  'vmgexit-worker',
  {
    createScriptURL(url) {
      if (!addresses.has(url)) throw new Error(`${url} is not a worker's address`);
      return url;
    },
  },
);

/** @param address of the worker's file, as `?worker&url` gives it */
export function workerFrom(address: string): Worker {
  addresses.add(address);
  return new Worker(policy ? policy.createScriptURL(address) : address, { type: 'module' });
}
