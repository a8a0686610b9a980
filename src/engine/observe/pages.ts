/** Names of pages: the RMP entry, the attribute and the three views of a guest frame; the VMSA pages of KVM. */
import { rmpGfn } from '../hardware/rmp';
import { pageStateOf } from '../../abi/rmp';
import { rmpBits, RMP_ASID_MASK, RMP_ASID_SHIFT } from '../memory/page-bits';
import { backingOf, pageBands } from '../page-class';
import { NO_PFN, type World } from '../world';
import { unknownPart, type Observed, type UnknownPath } from './observed';

/** Bits and state of one RMP entry. */
function rmpOf(world: World, pfn: number, part: string | undefined): Observed | UnknownPath {
  const word = world.pages.rmp.get(pfn);
  const flags = {
    assigned: (word & rmpBits.assigned) !== 0,
    validated: (word & rmpBits.validated) !== 0,
    immutable: (word & rmpBits.immutable) !== 0,
    vmsa: (word & rmpBits.vmsa) !== 0,
    twoMeg: (word & rmpBits.twoMeg) !== 0,
  };
  const asid = (word >>> RMP_ASID_SHIFT) & RMP_ASID_MASK;
  if (part === undefined) {
    const gpa = BigInt(rmpGfn(world, pfn)) << 12n;
    return { value: pageStateOf({ ...flags, asid, gpa }) ?? 'no state of the table' };
  }
  if (part === 'asid') return { value: asid };
  const flag = (flags as Readonly<Record<string, boolean>>)[part];
  return flag === undefined
    ? unknownPart(part, [...Object.keys(flags), 'asid'], 'bit of an RMP entry')
    : { value: flag };
}

const pageNames = ['rmp', 'attribute', 'state', 'guest', 'kvm', 'seam', 'content', 'pfn'];

export function observePage(world: World, rest: readonly string[]): Observed | UnknownPath {
  const [number = '', name = '', part] = rest;
  const gfn = Number(number);
  if (number === '' || !Number.isInteger(gfn) || gfn < 0)
    return { message: `'${number}' is no frame number: page.0x120.rmp`, part: number };
  if (gfn >= world.config.gfnCount)
    return { message: `frame ${number} is outside this machine`, part: number };
  const { pfn } = backingOf(world, gfn);
  const bands = pageBands(world, gfn);
  switch (name) {
    case 'rmp':
      return pfn < 0 ? { value: 'no page' } : rmpOf(world, pfn, part);
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
    case 'pfn':
      return { value: pfn };
    case 'content':
      return pfn < 0 ? { value: 'no page' } : { value: content(world, pfn) };
    default:
      return unknownPart(name, pageNames, 'what to say of a page');
  }
}

function content(world: World, pfn: number): bigint {
  const low = BigInt(world.pages.contentLow.get(pfn) >>> 0);
  return (BigInt(world.pages.contentHigh.get(pfn) >>> 0) << 32n) | low;
}

export function observeVmsa(world: World, rest: readonly string[]): Observed | UnknownPath {
  const [name = '', what = '', part] = rest;
  const vcpu = /^v\d+$/.test(name) ? world.vcpus[Number(name.slice(1))] : undefined;
  if (!vcpu)
    return unknownPart(
      name,
      world.vcpus.map((_, i) => `v${i}`),
      'vCPU',
    );
  if (what !== 'rmp') return unknownPart(what, ['rmp'], 'what to say of a VMSA');
  return vcpu.launchVmsaPfn === NO_PFN ? { value: 'no page' } : rmpOf(world, vcpu.launchVmsaPfn, part);
}
