/**
 * Addresses of scripts that the page starts: workers. Trusted Types want each to pass a policy, which is named in the page's
 * Content-Security-Policy. In the page of one file the script comes from that file.
 */

/** The part of Trusted Types that is used; older browsers have none of it. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

/** What the page of one file holds, by path; nothing elsewhere. */
const { trustedTypes, vmgexitFiles = {} } = globalThis as {
  readonly trustedTypes?: TrustedTypes;
  readonly vmgexitFiles?: Readonly<Record<string, string>>;
};

const policy = trustedTypes?.createPolicy('vmgexit-worker', {
  createScriptURL(url) {
    const isOwn = url.startsWith('blob:') || new URL(url, document.baseURI).origin === location.origin;
    if (!isOwn) throw new Error(`${url} is no address of this page`);
    return url;
  },
});

/** The text of an address that lies in the page itself. */
function held(address: string): string | undefined {
  const name = address.slice(address.lastIndexOf('/'));
  return Object.entries(vmgexitFiles).find(([path]) => path.endsWith(name))?.[1];
}

/** Whether the script of an address lies in the page itself: a blob of no origin, which browsers start as a classic script only. */
export const isHeld = (address: string): boolean => held(address) !== undefined;

/** The address of a script of this page, as browsers want it. */
export function scriptUrl(address: string): string {
  const text = held(address);
  const url =
    text === undefined ? address : URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  return policy ? policy.createScriptURL(url) : url;
}
