/**
 * One page as the RMP sees it: the states of an entry and what each instruction and firmware command may do to it. Pages
 * are table data, so nothing holds an instance of this chart: the hardware asks its table before it changes an entry.
 */
import { setup } from 'xstate';
import type { FirmwareStatusName } from '../abi/firmware';
import { compile } from './compile';
import { actionWith, type ActionNames } from './effects';
import { events, type AnyEvent, type EventOf } from './events';

export const pageEvents = events({
  /** RMPUPDATE by the host; `sizeFits`: no entry of another size is in the way. */
  RMPUPDATE: { to: ['Hypervisor', 'Firmware', 'Pre-Guest', 'Guest-Invalid'], sizeFits: 'flag' },
  /** PSMASH by the host. */
  PSMASH: {},
  /** PVALIDATE by the guest. */
  PVALIDATE: { validate: 'flag', sizeFits: 'flag' },
  /** RMPADJUST by the guest. */
  RMPADJUST: { vmsa: 'flag', sizeFits: 'flag' },
  SNP_GCTX_CREATE: {},
  SNP_DECOMMISSION: {},
  SNP_LAUNCH_UPDATE: {},
  SNP_PAGE_RECLAIM: {},
});
export type PageEvent = EventOf<typeof pageEvents>;

type EventArgs = { event: PageEvent };
const goesTo =
  (state: string) =>
  ({ event }: EventArgs): boolean =>
    event.type === 'RMPUPDATE' && event.to === state;

/** Why an instruction has no effect, by the name of its code. */
export type InstructionCode = 'RMP_FAIL_OVERLAP' | 'RMP_FAIL_PERMISSION' | 'RMP_FAIL_SIZEMISMATCH';

/** The instruction returns a code and changes nothing. */
const code = <const C extends InstructionCode>(name: C) =>
  ({ type: 'refuseInstruction', params: { code: name } }) as const;
const status = <const S extends FirmwareStatusName>(name: S) =>
  ({ type: 'refuseFirmware', params: { status: name } }) as const;

const overlap = { guard: 'overlaps', actions: code('RMP_FAIL_OVERLAP') } as const;
const update = [
  overlap,
  { guard: 'toHypervisor', target: 'Hypervisor' },
  { guard: 'toFirmware', target: 'Firmware' },
  { guard: 'toPreGuest', target: 'Pre-Guest' },
  { target: 'Guest-Invalid' },
] as const;
/** Immutable entries need PAGE_RECLAIM first. */
const immutable = [overlap, { actions: code('RMP_FAIL_PERMISSION') }] as const;
const sizeDiffers = { guard: 'sizeDiffers', actions: code('RMP_FAIL_SIZEMISMATCH') } as const;
const notOfGuest = { actions: code('RMP_FAIL_PERMISSION') } as const;

const definition = {
  id: 'page',
  initial: 'Hypervisor',
  states: {
    Hypervisor: { on: { RMPUPDATE: update, SNP_PAGE_RECLAIM: {} } },
    'HV-Fixed': {},
    Firmware: { on: { SNP_GCTX_CREATE: 'Context', SNP_PAGE_RECLAIM: 'Reclaim' } },
    'Firmware-IOMMU': {},
    Context: { on: { SNP_DECOMMISSION: 'Firmware' } },
    Metadata: { on: { SNP_PAGE_RECLAIM: 'Reclaim' } },
    Reclaim: { on: { RMPUPDATE: update, SNP_PAGE_RECLAIM: {} } },
    'Pre-Guest': {
      on: { SNP_LAUNCH_UPDATE: 'Guest-Valid', SNP_PAGE_RECLAIM: 'Guest-Invalid' },
    },
    'Pre-Swap': { on: { SNP_PAGE_RECLAIM: 'Guest-Valid' } },
    'Guest-Invalid': {
      on: {
        RMPUPDATE: update,
        PVALIDATE: [sizeDiffers, { guard: 'validates', target: 'Guest-Valid' }, {}],
        SNP_PAGE_RECLAIM: {},
      },
    },
    'Guest-Valid': {
      on: {
        RMPUPDATE: update,
        PVALIDATE: [sizeDiffers, { guard: 'rescinds', target: 'Guest-Invalid' }, {}],
        RMPADJUST: [sizeDiffers, {}],
        SNP_PAGE_RECLAIM: {},
      },
    },
  },
  on: {
    RMPUPDATE: immutable,
    PSMASH: {},
    PVALIDATE: notOfGuest,
    RMPADJUST: notOfGuest,
    SNP_GCTX_CREATE: { actions: status('INVALID_PAGE_STATE') },
    SNP_DECOMMISSION: { actions: status('INVALID_GUEST') },
    SNP_LAUNCH_UPDATE: { actions: status('INVALID_PAGE_STATE') },
    SNP_PAGE_RECLAIM: { actions: status('INVALID_PAGE_STATE') },
  },
} as const;
export type PageDefinition = typeof definition;

const actions = {
  refuseInstruction: actionWith<{ code: InstructionCode }>(),
  refuseFirmware: actionWith<{ status: FirmwareStatusName }>(),
} satisfies ActionNames<PageDefinition, PageEvent>;

export const pageMachine = setup({
  types: { events: {} as PageEvent },
  guards: {
    overlaps: ({ event }: EventArgs) => event.type === 'RMPUPDATE' && !event.sizeFits,
    toHypervisor: goesTo('Hypervisor'),
    toFirmware: goesTo('Firmware'),
    toPreGuest: goesTo('Pre-Guest'),
    sizeDiffers: ({ event }: EventArgs) => (event as AnyEvent)['sizeFits'] === false,
    validates: ({ event }: EventArgs) => event.type === 'PVALIDATE' && event.validate,
    rescinds: ({ event }: EventArgs) => event.type === 'PVALIDATE' && !event.validate,
  },
  actions,
}).createMachine(definition);

export const pageChart = compile(pageMachine, pageEvents);
