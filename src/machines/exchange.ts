/** One request of a guest to KVM, by MSR or by GHCB page, from VMGEXIT to the guest entry with the answer. */
import { setup } from 'xstate';
import { compile } from './compile';
import { action, type ActionNames } from './effects';
import { events, type EventOf } from './events';

/** Who carries out a page state change: KVM at once, the VMM by range, or the VMM from the guest's request. */
const pscRoutes = ['inKernel', 'mapGpaRange', 'vmgexit'] as const;
export type PscRoute = (typeof pscRoutes)[number];

export const exchangeEvents = events({
  MSR_REQUEST: {},
  NAE_REQUEST: {},
  /** KVM has its answer, success or error, and will enter the guest. */
  ANSWER: {},
  /** The request is malformed: SW_EXITINFO1 = 2. */
  MALFORMED: { reason: [1, 2, 3, 4, 5, 6] },
  /** KVM resumes the guest without writing anything. */
  IGNORED: {},
  PSC_BEGIN: { carriedOut: pscRoutes, exitsEnabled: 'flag', headerLegal: 'flag' },
  PSC_RANGE: {
    carriedOut: pscRoutes,
    exitsEnabled: 'flag',
    headerLegal: 'flag',
    found: ['range', 'invalidEntry', 'nothingLeft'],
    operation: ['private', 'shared', 'other'],
    /** The effect of an operation other than private and shared, where KVM walks the entries. */
    other: ['error', 'skipped', 'asShared'],
  },
  PSC_MSR: { carriedOut: pscRoutes, operationKnown: 'flag', exitsEnabled: 'flag' },
  /** KVM changed the RMP itself, or could not. */
  PSC_CHANGED: { done: 'flag' },
  /** KVM exits to userspace and stores how to continue. */
  EXIT_TO_USERSPACE: {},
  /** KVM_RUN again: userspace left `ret`. */
  USERSPACE_RET: { ret: ['success', 'refused', 'other'], check: ['anyNonZero', 'whitelist', 'passedOn'] },
  /** KVM_RUN again after an exit that carries no answer. */
  USERSPACE_RETURNED: {},
  /** KVM_RUN failed; nothing of the request is left in KVM. */
  RUN_FAILED: {},
  ENTERED: {},
});
export type ExchangeEvent = EventOf<typeof exchangeEvents>;

type EventArgs = { event: ExchangeEvent };

const definition = {
  id: 'exchange',
  initial: 'idle',
  states: {
    idle: { on: { MSR_REQUEST: 'received', NAE_REQUEST: 'received', ENTERED: 'idle' } },
    received: {
      on: {
        MALFORMED: 'answered',
        PSC_BEGIN: [
          { guard: 'forwarded', target: 'awaitingUserspace', actions: 'exitVmgexit' },
          { guard: 'exitsDisabled', target: 'answered', actions: 'answerPscGeneric' },
          { guard: 'headerIllegal', target: 'answered', actions: 'answerPscInvalidHeader' },
          { target: 'received' },
        ],
        PSC_MSR: [
          { guard: 'operationUnknown', target: 'answered', actions: 'answerMsrPscError' },
          { guard: 'inKernel', actions: 'changeRmp' },
          { guard: 'forwarded', target: 'awaitingUserspace', actions: 'exitVmgexit' },
          { guard: 'exitsDisabled', target: 'answered', actions: 'answerMsrPscError' },
          { target: 'awaitingUserspace', actions: 'exitMapGpaPage' },
        ],
      },
    },
    awaitingUserspace: {
      on: {
        USERSPACE_RET: [
          { guard: 'passedOn', target: 'answered', actions: 'answerAsUserspaceSays' },
          { guard: 'retSuccess', target: 'completing', actions: 'markRangeDone' },
          { guard: 'retNotAllowed', target: 'idle', actions: 'failRun' },
          { target: 'answered', actions: 'answerUserspaceRefused' },
        ],
        USERSPACE_RETURNED: 'completing',
        RUN_FAILED: 'idle',
      },
    },
    completing: {},
    answered: { on: { ENTERED: 'idle' } },
  },
  on: {
    ANSWER: '.answered',
    IGNORED: '.answered',
    EXIT_TO_USERSPACE: '.awaitingUserspace',
    RUN_FAILED: '.idle',
    PSC_CHANGED: [{ guard: 'notChanged', target: '.answered', actions: 'answerNotChanged' }, {}],
    PSC_RANGE: [
      { guard: 'exitsDisabled', target: '.answered', actions: 'answerPscGeneric' },
      { guard: 'headerIllegal', target: '.answered', actions: 'answerPscInvalidHeader' },
      { guard: 'invalidEntry', target: '.answered', actions: 'answerPscInvalidEntry' },
      { guard: 'nothingLeft', target: '.answered', actions: 'answerPscDone' },
      { guard: 'refusesOther', target: '.answered', actions: 'answerPscInvalidEntry' },
      { guard: 'skipsOther', actions: 'skipRange' },
      { guard: 'inKernel', actions: 'changeRmp' },
      { target: '.awaitingUserspace', actions: 'exitMapGpaRange' },
    ],
  },
} as const;
export type ExchangeDefinition = typeof definition;

const actions = {
  exitVmgexit: action,
  answerPscGeneric: action,
  answerPscInvalidHeader: action,
  answerPscInvalidEntry: action,
  answerPscDone: action,
  answerMsrPscError: action,
  changeRmp: action,
  exitMapGpaPage: action,
  exitMapGpaRange: action,
  skipRange: action,
  answerNotChanged: action,
  answerAsUserspaceSays: action,
  markRangeDone: action,
  failRun: action,
  answerUserspaceRefused: action,
} satisfies ActionNames<ExchangeDefinition, ExchangeEvent>;

export const exchangeMachine = setup({
  types: { events: {} as ExchangeEvent },
  guards: {
    exitsDisabled: ({ event }: EventArgs) => 'exitsEnabled' in event && !event.exitsEnabled,
    headerIllegal: ({ event }: EventArgs) => 'headerLegal' in event && !event.headerLegal,
    invalidEntry: ({ event }: EventArgs) => event.type === 'PSC_RANGE' && event.found === 'invalidEntry',
    nothingLeft: ({ event }: EventArgs) => event.type === 'PSC_RANGE' && event.found === 'nothingLeft',
    operationUnknown: ({ event }: EventArgs) => event.type === 'PSC_MSR' && !event.operationKnown,
    refusesOther: ({ event }: EventArgs) =>
      event.type === 'PSC_RANGE' &&
      event.operation === 'other' &&
      event.other === 'error' &&
      event.carriedOut !== 'inKernel',
    skipsOther: ({ event }: EventArgs) =>
      event.type === 'PSC_RANGE' && event.operation === 'other' && event.other === 'skipped',
    inKernel: ({ event }: EventArgs) => 'carriedOut' in event && event.carriedOut === 'inKernel',
    forwarded: ({ event }: EventArgs) => 'carriedOut' in event && event.carriedOut === 'vmgexit',
    notChanged: ({ event }: EventArgs) => event.type === 'PSC_CHANGED' && !event.done,
    passedOn: ({ event }: EventArgs) => event.type === 'USERSPACE_RET' && event.check === 'passedOn',
    retSuccess: ({ event }: EventArgs) => event.type === 'USERSPACE_RET' && event.ret === 'success',
    retNotAllowed: ({ event }: EventArgs) =>
      event.type === 'USERSPACE_RET' && event.ret === 'other' && event.check === 'whitelist',
  },
  actions,
}).createMachine(definition);

export const exchangeChart = compile(exchangeMachine, exchangeEvents);
