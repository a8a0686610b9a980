/** Names of pages: the RMP entry, the attribute and the three views of a guest frame; the VMSA pages of KVM. */
import { gfnToGpa } from '../../abi/address';
import { rmpGfn } from '../hardware/rmp';
import { pageStateOf, pageStates } from '../../abi/rmp';
import { rmpBits, RMP_ASID_MASK, RMP_ASID_SHIFT } from '../memory/page-bits';
import { backingOf, pageBands, pageClasses } from '../page-class';
import { NO_PFN, type World } from '../world';
import { atEnd, flagDomain, numberDomain, numberOr, wordDomain, type Domain, type Machine } from './domain';
import { needsMore, unknownPart, type Observed, type UnknownPath } from './observed';

const NO_STATE = 'no state of the table';
const NO_PAGE = 'no page';

const rmpFlags = ['assigned', 'validated', 'immutable', 'vmsa', 'twoMeg'] as const;
type RmpFlag = (typeof rmpFlags)[number];

/** The domain of a page's RMP entry, which may be missing. */
function rmpDomain([part, ...more]: readonly string[]): Domain | UnknownPath {
  if (part === undefined) return wordDomain([...pageStates.map(({ state }) => state), NO_PAGE, NO_STATE]);
  if (part === 'asid') return atEnd(numberOr([NO_PAGE]), more);
  if (!rmpFlags.includes(part as RmpFlag))
    return unknownPart(part, [...rmpFlags, 'asid'], 'bit of an RMP entry');
  return atEnd(wordDomain([...flagDomain.words, NO_PAGE]), more);
}

/** Bits and state of one RMP entry. */
function rmpOf(world: World, pfn: number, part: string | undefined): Observed {
  const word = world.pages.rmp.get(pfn);
  const flags: Readonly<Record<RmpFlag, boolean>> = {
    assigned: (word & rmpBits.assigned) !== 0,
    validated: (word & rmpBits.validated) !== 0,
    immutable: (word & rmpBits.immutable) !== 0,
    vmsa: (word & rmpBits.vmsa) !== 0,
    twoMeg: (word & rmpBits.twoMeg) !== 0,
  };
  const asid = (word >>> RMP_ASID_SHIFT) & RMP_ASID_MASK;
  if (part === undefined) {
    const gpa = gfnToGpa(rmpGfn(world, pfn));
    return { value: pageStateOf({ ...flags, asid, gpa }) ?? NO_STATE };
  }
  return { value: part === 'asid' ? asid : flags[part as RmpFlag] };
}

const classDomain = wordDomain(pageClasses);
const pageDomains: Readonly<Record<string, Domain>> = {
  attribute: wordDomain(['private', 'shared']),
  state: classDomain,
  guest: classDomain,
  kvm: classDomain,
  seam: flagDomain,
  content: numberOr([NO_PAGE]),
  shared: numberDomain,
  source: numberDomain,
  pfn: numberDomain,
};

export function pageDomain([number = '', name = '', ...more]: readonly string[]): Domain | UnknownPath {
  const gfn = Number(number);
  if (number === '' || !Number.isInteger(gfn) || gfn < 0) {
    const message = `'${number}' is no frame number`;
    return { message, part: number, expected: 'a frame number: page.0x120.rmp' };
  }
  const names = ['rmp', ...Object.keys(pageDomains)];
  if (name === '') return needsMore(number, names.map((n) => `page.${number}.${n}`).join(', '));
  if (name === 'rmp') return rmpDomain(more);
  const domain = Object.hasOwn(pageDomains, name) ? pageDomains[name] : undefined;
  return domain ? atEnd(domain, more) : unknownPart(name, names, 'what to say of a page');
}

/** @param rest as {@link pageDomain} took it */
export function observePage(world: World, rest: readonly string[]): Observed | UnknownPath {
  const [number = '', name = '', part] = rest;
  const gfn = Number(number);
  if (gfn >= world.config.gfnCount)
    return { message: `frame ${number} is outside this machine`, part: number };
  const { pfn } = backingOf(world, gfn);
  const bands = pageBands(world, gfn);
  const { pages } = world;
  switch (name) {
    case 'rmp':
      return pfn < 0 ? { value: NO_PAGE } : rmpOf(world, pfn, part);
    case 'attribute':
      return { value: (world.pages.gfn.get(gfn) & 1) === 1 ? 'private' : 'shared' };
    case 'state':
      return { value: bands.rmp };
    case 'guest':
      return { value: bands.guest };
    case 'kvm':
      return { value: bands.kvm };
    case 'seam':
      return { value: bands.seam };
    case 'content':
      return pfn < 0 ? { value: NO_PAGE } : { value: firstBytes(pages.contentLow, pages.contentHigh, pfn) };
    case 'shared':
      return { value: firstBytes(pages.sharedLow, pages.sharedHigh, gfn) };
    case 'source':
      return { value: firstBytes(pages.userLow, pages.userHigh, gfn) };
    default:
      return { value: pfn };
  }
}

type Halves = { get(page: number): number };

/** The first eight bytes of a page, stored as two halves. */
const firstBytes = (low: Halves, high: Halves, page: number): bigint =>
  (BigInt(high.get(page) >>> 0) << 32n) | BigInt(low.get(page) >>> 0);

export function vmsaDomain(
  [name = '', what = '', ...more]: readonly string[],
  { vcpus }: Machine,
): Domain | UnknownPath {
  const names = Array.from({ length: vcpus }, (_, i) => `v${i}`);
  if (!names.includes(name)) return unknownPart(name, names, 'vCPU');
  return what === 'rmp' ? rmpDomain(more) : unknownPart(what, ['rmp'], 'what to say of a VMSA');
}

/** @param rest as {@link vmsaDomain} took it */
export function observeVmsa(world: World, [name = '', , part]: readonly string[]): Observed {
  const { launchVmsaPfn } = world.vcpu(Number(name.slice(1)));
  return launchVmsaPfn === NO_PFN ? { value: NO_PAGE } : rmpOf(world, launchVmsaPfn, part);
}
