/**
 * OVMF as an SNP guest, as far as it talks to the hypervisor: OvmfPkg/Sec/AmdSev.c, PlatformPei/AmdSev.c,
 * BaseMemEncryptSevLib and MpInitLib of EDK2. The list of APIC ids (feature bit 4) is never asked for, because no
 * kernel here offers it. VMGEXIT is that of a release build: a malformed request becomes a status, not an ASSERT.
 */
import { gfnToGpa } from '../../../abi/address';
import { hypervisorFeatures } from '../../../abi/ghcb-msr';
import { PSC_MAX_ENTRIES } from '../../../abi/psc';
import { conversion } from './conversion';
import {
  aboveSec,
  apVmsa,
  BELOW_METADATA,
  LEAST_PAGES,
  ovmfGhcb,
  SEC_ACCEPTED,
  SEC_GHCB,
  SEC_PROBE,
} from './machine';
import {
  apCount,
  features,
  haltForEver,
  ovmfConversion,
  ovmfReason,
  ovmfReasons,
  register,
  version,
} from './negotiation';
import { each, givesUp, once, type At, type Instruction, type Phase, type Program } from './program';

/** SEC builds entries in 1024 bytes: (1024 - 8) / 8. */
export const SEC_ENTRIES = 127;
/** PEI and DXE have a page, (4096 - 8) / 8 rounded down to whole requests. */
export const PEI_ENTRIES = 2 * PSC_MAX_ENTRIES;

const secConversion = { ...ovmfConversion, limit: SEC_ENTRIES, slice: SEC_ENTRIES };
const peiConversion = { ...ovmfConversion, limit: PEI_ENTRIES, slice: PSC_MAX_ENTRIES };

const sec: readonly Phase[] = [
  version('SEC: version', ovmfReasons, { asksVersion1: true }),
  features('SEC: features', ovmfReasons),
  register('SEC: GHCB', () => SEC_GHCB, ovmfReasons),
  once(
    'SEC: is this VMPL0',
    { verb: 'rmpadjust', args: { gpa: gfnToGpa(SEC_PROBE), vmsa: false } },
    ({ vcpu }) =>
      vcpu.instructionCode === 0
        ? undefined
        : givesUp('not at VMPL0, and there is no SVSM', ovmfReason('OvmfNotVmpl0')),
  ),
  conversion({ name: 'SEC: accept', to: 'private', range: () => SEC_ACCEPTED, ...secConversion }),
];

/** One request for each vCPU: the page behind a GHCB page stays private. */
const MOST_VCPUS = 64;
const ghcbPages: readonly Phase[] = Array.from({ length: MOST_VCPUS }, (_, index) =>
  conversion({
    name: `PEI: GHCB page of v${index}`,
    to: 'shared',
    range: (at) => (index <= apCount(at) ? { gfn: ovmfGhcb(index), n: 1 } : undefined),
    ...peiConversion,
  }),
);

const pei: readonly Phase[] = [
  once('PEI: features', { verb: 'hv-features', args: { form: 'nae' } }, ({ vcpu }) => {
    if (vcpu.guestResult !== 'ok')
      return givesUp('no answer to the features request', ovmfReason('OvmfFeatures'));
    const { apicIdList } = hypervisorFeatures.decode(vcpu.guestReadInfo2);
    return apicIdList ? { text: 'the list of APIC ids is offered, and not asked for' } : undefined;
  }),
  conversion({
    name: 'PEI: accept below',
    to: 'private',
    range: () => BELOW_METADATA,
    ...peiConversion,
  }),
  conversion({
    name: 'PEI: accept above',
    to: 'private',
    range: ({ world }) => aboveSec(world),
    ...peiConversion,
  }),
  ...ghcbPages,
  register('PEI: GHCB', ovmfGhcb, ovmfReasons),
];

/** The first start of the APs: INIT-SIPI, on their launch VMSA. */
const findAps = each('APs: INIT-SIPI', (at, turn) =>
  turn < apCount(at) ? { verb: 'init-sipi', args: { target: turn + 1 } } : undefined,
);

/** A VMSA page is filled and marked before CREATE. An existing one is removed first: DESTROY, then RMPADJUST. */
function wakeInstructions(target: number, hasSaveArea: boolean): readonly Instruction[] {
  const gpa = gfnToGpa(apVmsa(target));
  const takeBack: readonly Instruction[] = [
    { verb: 'ap-destroy', args: { target, vmsa: gpa } },
    { verb: 'rmpadjust', args: { gpa, vmsa: false } },
  ];
  return [
    ...(hasSaveArea ? takeBack : []),
    { verb: 'make-vmsa', args: { gpa } },
    { verb: 'ap-create', args: { target, vmsa: gpa } },
  ];
}

const TURN_BITS = 4n;
const failed = ({ vcpu }: At, { verb }: Instruction): boolean =>
  verb === 'ap-create' || verb === 'ap-destroy' ? vcpu.guestResult !== 'ok' : vcpu.instructionCode !== 0;

/** Starts every AP. A failure is an ASSERT, which a release build compiles out: that AP is left out. */
function wakeAps(name: string, hasSaveArea: boolean): Phase {
  const placeOf = (cursor: bigint) => ({
    target: Number(cursor >> TURN_BITS) + 1,
    turn: Number(cursor & ((1n << TURN_BITS) - 1n)),
  });
  const nextAp = (cursor: bigint): bigint => ((cursor >> TURN_BITS) + 1n) << TURN_BITS;
  return {
    name,
    emit: (at) => {
      const { target, turn } = placeOf(at.cursor);
      return target > apCount(at) ? undefined : wakeInstructions(target, hasSaveArea)[turn];
    },
    check: (at) => {
      const { target, turn } = placeOf(at.cursor);
      const instructions = wakeInstructions(target, hasSaveArea);
      const last = instructions[turn];
      if (last && failed(at, last)) {
        return { says: { text: `v${target} is left out: ${last.verb} failed` }, cursor: nextAp(at.cursor) };
      }
      return turn + 1 < instructions.length ? at.cursor + 1n : nextAp(at.cursor);
    },
  };
}

const bootProcessor: readonly Phase[] = [
  ...sec,
  ...pei,
  findAps,
  wakeAps('APs: first use', false),
  wakeAps('APs: next use', true),
  haltForEver,
];

/** An AP, for either way it was started: its GHCB page, then AP reset hold until it is needed. */
const ap: readonly Phase[] = [
  register('AP: GHCB', ovmfGhcb, ovmfReasons),
  each('AP: hold', () => ({ verb: 'hold', args: { form: 'nae' } })),
];

export const ovmf: Program = {
  name: 'OVMF',
  leastPages: LEAST_PAGES,
  afterTermination: 'halts',
  phases: [...bootProcessor, ...ap],
  entry: ({ index }) => (index === 0 ? 0 : bootProcessor.length),
};
