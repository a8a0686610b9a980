/** What the host does to the private page behind a frame by itself, and what the RMP makes of it. */
import { describe, expect, test } from 'vitest';
import { Launch } from '../../testing/engine/test-launch';
import type { KvmAct } from '../acts';
import { observe } from '../observe';
import { rmpMakePrivate } from '../hardware/rmp';
import { HOST_PANICKED } from './memory/host-fault';

const GFN = 0x120;
const VALUE = 0x1122334455667788n;
const MODERN = 'linux-7.2';
const DRAFT = 'part2-v4';
const LAUNCH_UPDATE = 0xa1n;
const PAGE_RECLAIM = 0xc7n;

type To = Extract<KvmAct, { verb: 'rmpupdate' }>['args']['to'];
const update = (to: To, gfn = GFN): KvmAct => ({ actor: 'kvm', verb: 'rmpupdate', args: { gfn, to } });
const write: KvmAct = { actor: 'kvm', verb: 'host-write', args: { gfn: GFN, value: VALUE } };
const reclaim: KvmAct = { actor: 'kvm', verb: 'reclaim', args: { gfn: GFN } };

/** A page that LAUNCH_UPDATE encrypted. */
const valid = (spec = MODERN): Launch => new Launch(spec).vmm('launch-update', { gfn: GFN, type: 'normal' });
/** A page that the firmware would not encrypt, nor give back. */
const preGuest = (spec = MODERN): Launch =>
  new Launch(spec)
    .failing(LAUNCH_UPDATE, 0x10n)
    .failing(PAGE_RECLAIM, 0x10n)
    .vmm('launch-update', { gfn: GFN, type: 'normal' });
const seen = ({ world }: Launch, name: string): unknown => {
  const found = observe(world, `page.${GFN}.${name}`, { guest: 0, moves: [], findings: [], refused: '' });
  return 'value' in found ? found.value : found.message;
};

describe('RMPUPDATE by the host itself', () => {
  test.each([
    ['shared', 'Hypervisor'],
    ['private', 'Guest-Invalid'],
    ['pre-guest', 'Pre-Guest'],
  ] as const)('to %s: a validated page is %s, and its attribute stays', (to, state) => {
    const launch = valid();
    expect(seen(launch, 'rmp')).toBe('Guest-Valid');
    launch.act(update(to));
    expect(launch.steps).toEqual([expect.stringMatching(/^RMPUPDATE page 0x120 .*4K$/)]);
    expect([seen(launch, 'rmp'), seen(launch, 'attribute')]).toEqual([state, 'private']);
  });

  test.each(['shared', 'private', 'pre-guest'] as const)(
    'to %s: an immutable page refuses it with FAIL_PERMISSION',
    (to) => {
      const launch = preGuest().act(update(to));
      expect(launch.steps).toEqual(['RMPUPDATE page 0x120 fails: code 2']);
      expect(seen(launch, 'rmp')).toBe('Pre-Guest');
    },
  );

  test('of 4 KiB within a 2M entry is refused with FAIL_OVERLAP, once', () => {
    const launch = new Launch(DRAFT);
    const { asid } = launch.world.vm;
    rmpMakePrivate(launch.world, 0, { gfn: 0, asid, immutable: false, twoMeg: true });
    expect(launch.act(update('shared')).steps).toEqual(['RMPUPDATE page 0x120 fails: code 4']);
  });
});

describe('a host write', () => {
  test.each([
    ['Guest-Valid', valid],
    ['Pre-Guest', preGuest],
  ])('to a page in %s is an RMP fault that its thread does not survive', (state, arrange) => {
    const launch = arrange();
    expect(seen(launch, 'rmp')).toBe(state);
    const before = seen(launch, 'content');
    launch.act(write);
    expect(launch.world.host.rmpFault).toBe(true);
    expect(launch.findings.at(-1)).toContain('the host takes an RMP fault');
    expect(seen(launch, 'content')).toBe(before);
    expect(launch.steps.at(-1)).toBe(
      'a thread of the kernel is killed by an oops (RMP fault of a host write): no lock of the VM is taken',
    );
    expect(launch.act(reclaim).steps.join()).not.toContain('refused');
  });

  test('on a host with panic_on_oops it is a panic, after which nothing runs', () => {
    const launch = valid().act({ actor: 'inject', verb: 'panic-on-oops', args: {} }).act(write);
    expect(launch.steps.at(-1)).toBe('the host panics (RMP fault of a host write): no VM runs any more');
    expect(launch.act(reclaim).steps).toEqual([`refused: ${HOST_PANICKED}`]);
  });

  test('to a page that was made shared first is what guest_memfd now holds', () => {
    const launch = valid().act(update('shared')).act(write);
    expect(launch.steps).toEqual(['host write to page 0x120: 0x1122334455667788']);
    expect([seen(launch, 'content'), launch.findings]).toEqual([VALUE, []]);
  });

  test('to memory of userspace that the guest did not get changes what both share', () => {
    const launch = new Launch(DRAFT).act(write);
    expect([seen(launch, 'shared'), seen(launch, 'content')]).toEqual([VALUE, 0n]);
  });

  test('needs an address of the kernel for the page', () => {
    const launch = valid().act({ actor: 'inject', verb: 'no-direct-map', args: { gfn: GFN } });
    expect(launch.act(write).steps).toEqual(['refused: the kernel has no address for this page']);
  });
});

describe('SNP_PAGE_RECLAIM by the host itself', () => {
  test('takes Pre-Guest to Guest-Invalid and leaves the page with the guest', () => {
    const launch = preGuest().act(reclaim);
    expect(launch.steps).toEqual([expect.stringContaining('SUCCESS')]);
    expect(seen(launch, 'rmp')).toBe('Guest-Invalid');
  });

  test('of a page that is not immutable succeeds and changes nothing', () => {
    const launch = valid().act(reclaim);
    expect(launch.steps).toEqual([expect.stringContaining('SUCCESS')]);
    expect(seen(launch, 'rmp')).toBe('Guest-Valid');
  });

  test('of 4 KiB at the head of a 2M entry is told INVALID_PAGE_SIZE', () => {
    const launch = new Launch(DRAFT);
    const { asid } = launch.world.vm;
    rmpMakePrivate(launch.world, 0, { gfn: 0, asid, immutable: false, twoMeg: true });
    launch.act({ ...reclaim, args: { gfn: 0 } });
    expect(launch.steps).toEqual([expect.stringContaining('INVALID_PAGE_SIZE')]);
  });
});

test.each([update('shared'), update('private'), write, reclaim])(
  '$verb is refused where no private page is behind the frame',
  (act) => {
    expect(new Launch(MODERN).act(act).steps).toEqual(['refused: no private page is behind this frame']);
  },
);
