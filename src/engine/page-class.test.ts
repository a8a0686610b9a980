import { describe, expect, test } from 'vitest';
import { defaultProfile } from '../profiles/resolve';
import { gfnBits, hostPageBits, LEAK_COUNT_SHIFT, RMP_ASID_SHIFT, rmpBits } from './memory/page-bits';
import { backedRuns, bandRuns, largePages, packedBands, pageBands, unpackBands } from './page-class';
import { World } from './world';

const ASID = 1;

/** A VM with one slot of guest_memfd behind frames 0x100 to 0x4ff, from page 0x200 of the file. */
function worldWithSlot(): World {
  const world = new World({ vcpus: 1, gfnCount: 0x1000, gmemPages: 0x1000 }, defaultProfile());
  world.vm.asid = ASID;
  Object.assign(world.slots[0] as object, {
    used: true,
    firstGfn: 0x100,
    pages: 0x400,
    backing: 'guestMemfd',
    firstGmemPage: 0x200,
  });
  return world;
}

const knows = gfnBits.guestKnows;
const owned = rmpBits.assigned | (ASID << RMP_ASID_SHIFT);
const present = hostPageBits.present;
const believesValid = knows | gfnBits.guestPrivate | gfnBits.guestValidated;
const attribute = gfnBits.attributePrivate;

describe('the three views of a page in a slot', () => {
  test.each([
    ['fresh memory is shared, and the guest has no view', 0, 0, 0, 'none shared shared'],
    ['the guest uses shared memory', knows, 0, 0, 'shared shared shared'],
    ['the private attribute alone promises a page that is not there', attribute, 0, 0, 'none none none'],
    ['LAUNCH_UPDATE: Pre-Guest', attribute, owned | rmpBits.immutable, present, 'none firmware firmware'],
    ['LAUNCH_UPDATE done', attribute, owned | rmpBits.validated, present, 'none guestValid guestValid'],
    ['a failed LAUNCH_UPDATE leaves plain text', attribute, 0, present, 'none shared guestInvalid seam'],
    [
      'PSC done, not touched yet',
      attribute | knows | gfnBits.guestPrivate,
      0,
      0,
      'guestInvalid none none seam',
    ],
    [
      'private, faulted in, not validated',
      attribute | knows | gfnBits.guestPrivate,
      owned,
      present,
      'guestInvalid guestInvalid guestInvalid',
    ],
    [
      'validated',
      attribute | believesValid,
      owned | rmpBits.validated,
      present,
      'guestValid guestValid guestValid',
    ],
    [
      'the guest believes it validated, the RMP does not',
      attribute | believesValid,
      owned,
      present,
      'guestValid guestInvalid guestInvalid seam',
    ],
    [
      'marked as VMSA by RMPADJUST',
      attribute | believesValid | gfnBits.guestVmsa,
      owned | rmpBits.validated | rmpBits.vmsa,
      present,
      'vmsa vmsa vmsa',
    ],
    ['private for the guest, shared for KVM', believesValid, 0, 0, 'guestValid shared shared seam'],
    [
      'shared again, but the RMP keeps its entry until the hole is punched',
      knows,
      owned | rmpBits.validated,
      present,
      'shared guestValid shared seam',
    ],
    [
      'a page of another guest',
      attribute,
      rmpBits.assigned | (7 << RMP_ASID_SHIFT),
      present,
      'none violation guestInvalid seam',
    ],
    ['leaked', attribute, owned, present | (1 << LEAK_COUNT_SHIFT), 'none violation guestInvalid seam'],
    [
      'a page the firmware holds',
      attribute,
      rmpBits.assigned | rmpBits.immutable,
      present,
      'none firmware firmware',
    ],
  ])('%s', (_, gfn, rmp, hostPage, expected) => {
    const {
      guest,
      rmp: entry,
      kvm,
      seam,
    } = unpackBands(packedBands({ gfn, rmp, hostPage }, { slot: true, pfn: 0x200 }, ASID));
    expect([guest, entry, kvm, ...(seam ? ['seam'] : [])].join(' ')).toBe(expected);
  });

  test.each([
    ['a shared access is MMIO', knows, 'shared none none'],
    ['a private one has no memory', believesValid, 'guestValid none none seam'],
    ['no view', 0, 'none none none'],
  ])('outside every slot: %s', (_, gfn, expected) => {
    const { guest, rmp, kvm, seam } = unpackBands(
      packedBands({ gfn, rmp: 0, hostPage: 0 }, { slot: false, pfn: -1 }, ASID),
    );
    expect([guest, rmp, kvm, ...(seam ? ['seam'] : [])].join(' ')).toBe(expected);
  });
});

describe('frames and the pages behind them', () => {
  test('a frame finds its page through its slot', () => {
    const world = worldWithSlot();
    world.pages.gfn.set(0x180, attribute | believesValid);
    world.pages.rmp.set(0x280, owned | rmpBits.validated);
    world.pages.hostPage.set(0x280, present);
    expect(pageBands(world, 0x180)).toEqual({
      guest: 'guestValid',
      rmp: 'guestValid',
      kvm: 'guestValid',
      seam: false,
    });
    expect(pageBands(world, 0x181)).toMatchObject({ rmp: 'shared', seam: false });
    expect(pageBands(world, 0xff)).toMatchObject({ rmp: 'none', kvm: 'none' });
  });

  test('memory is cut where slots begin and end', () => {
    expect(backedRuns(worldWithSlot(), 0, 0x1000)).toEqual([
      { first: 0, count: 0x100, slot: false, pfn: -1 },
      { first: 0x100, count: 0x400, slot: true, pfn: 0x200 },
      { first: 0x500, count: 0xb00, slot: false, pfn: -1 },
    ]);
  });

  test('runs of equal pages are one row each', () => {
    const world = worldWithSlot();
    world.pages.gfn.setRun(0x110, 0x300, attribute);
    expect(
      bandRuns(world, 0, 0x1000).map(({ first, count, bands }) => [first, count, unpackBands(bands).kvm]),
    ).toEqual([
      [0, 0x100, 'none'],
      [0x100, 0x10, 'shared'],
      [0x110, 0x300, 'none'],
      [0x410, 0xf0, 'shared'],
      [0x500, 0xb00, 'none'],
    ]);
  });

  test('the aligned RMP entry decides the size of all 512 frames', () => {
    const world = worldWithSlot();
    world.pages.rmp.set(0x400, owned | rmpBits.twoMeg);
    expect(largePages(world, 0, 0x1000)).toEqual([{ first: 0x300, count: 0x200 }]);
    expect(largePages(world, 0, 0x380)).toEqual([{ first: 0x300, count: 0x80 }]);
  });
});

test.each([
  ['assigned to the guest', rmpBits.assigned | (1 << RMP_ASID_SHIFT), 'guestInvalid'],
  ['with the host', 0, 'shared'],
] as const)('a page of userspace that is %s is to KVM what the RMP says', (_, rmp, expected) => {
  const words = { gfn: 0, rmp, hostPage: 0 };
  const bands = unpackBands(packedBands(words, { slot: true, pfn: 0, inPlace: true }, 1));
  expect([bands.rmp, bands.kvm, bands.seam]).toEqual([expected, expected, false]);
});
