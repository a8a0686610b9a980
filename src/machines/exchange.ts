/** One request of a guest to KVM, by MSR or by GHCB page, from VMGEXIT to the entry that shows the answer. */
import { setup } from 'xstate';
import { compile } from './compile';
import { events, type EventOf } from './events';

export const exchangeEvents = events({
  MSR_REQUEST: {},
  NAE_REQUEST: {},
  /** KVM has its answer, good or bad, and will enter the guest. */
  ANSWER: {},
  /** The request is malformed: SW_EXITINFO1 = 2. */
  MALFORMED: { reason: [1, 2, 3, 4, 5, 6] },
  /** KVM resumes the guest without writing anything. */
  IGNORED: {},
  PSC_BEGIN: { exitsEnabled: 'flag', headerLegal: 'flag' },
  PSC_RANGE: {
    exitsEnabled: 'flag',
    headerLegal: 'flag',
    found: ['range', 'invalidEntry', 'nothingLeft'],
    operation: ['private', 'shared', 'other'],
  },
  PSC_MSR: { operationKnown: 'flag', exitsEnabled: 'flag' },
  /** KVM leaves for userspace and remembers how to go on. */
  EXIT_TO_USERSPACE: {},
  /** KVM_RUN again: userspace left `ret`. */
  USERSPACE_RET: { ret: ['success', 'refused', 'other'], check: ['anyNonZero', 'whitelist'] },
  /** KVM_RUN again after an exit that carries no answer. */
  USERSPACE_RETURNED: {},
  /** KVM_RUN failed; nothing of the request is left in KVM. */
  RUN_FAILED: {},
  ENTERED: {},
});
export type ExchangeEvent = EventOf<typeof exchangeEvents>;

type EventArgs = { event: ExchangeEvent };

export const exchangeMachine = setup({
  types: { events: {} as ExchangeEvent },
  guards: {
    exitsDisabled: ({ event }: EventArgs) => 'exitsEnabled' in event && !event.exitsEnabled,
    headerIllegal: ({ event }: EventArgs) => 'headerLegal' in event && !event.headerLegal,
    invalidEntry: ({ event }: EventArgs) => event.type === 'PSC_RANGE' && event.found === 'invalidEntry',
    nothingLeft: ({ event }: EventArgs) => event.type === 'PSC_RANGE' && event.found === 'nothingLeft',
    otherOperation: ({ event }: EventArgs) => event.type === 'PSC_RANGE' && event.operation === 'other',
    operationUnknown: ({ event }: EventArgs) => event.type === 'PSC_MSR' && !event.operationKnown,
    retSuccess: ({ event }: EventArgs) => event.type === 'USERSPACE_RET' && event.ret === 'success',
    retNotAllowed: ({ event }: EventArgs) =>
      event.type === 'USERSPACE_RET' && event.ret === 'other' && event.check === 'whitelist',
  },
  actions: {
    answerMalformed: () => {},
    answerPscGeneric: () => {},
    answerPscInvalidHeader: () => {},
    answerPscInvalidEntry: () => {},
    answerPscDone: () => {},
    exitMapGpaRange: () => {},
    skipRange: () => {},
    markRangeDone: () => {},
    answerMsrPscError: () => {},
    exitMapGpaPage: () => {},
    answerUserspaceRefused: () => {},
    failRun: () => {},
  },
}).createMachine({
  id: 'exchange',
  initial: 'idle',
  states: {
    idle: { on: { MSR_REQUEST: 'received', NAE_REQUEST: 'received', ENTERED: 'idle' } },
    received: {
      on: {
        MALFORMED: { target: 'answered', actions: 'answerMalformed' },
        PSC_BEGIN: [
          { guard: 'exitsDisabled', target: 'answered', actions: 'answerPscGeneric' },
          { guard: 'headerIllegal', target: 'answered', actions: 'answerPscInvalidHeader' },
          { target: 'received' },
        ],
        PSC_MSR: [
          { guard: 'operationUnknown', target: 'answered', actions: 'answerMsrPscError' },
          { guard: 'exitsDisabled', target: 'answered', actions: 'answerMsrPscError' },
          { target: 'awaitingUserspace', actions: 'exitMapGpaPage' },
        ],
      },
    },
    awaitingUserspace: {
      on: {
        USERSPACE_RET: [
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
    PSC_RANGE: [
      { guard: 'exitsDisabled', target: '.answered', actions: 'answerPscGeneric' },
      { guard: 'headerIllegal', target: '.answered', actions: 'answerPscInvalidHeader' },
      { guard: 'invalidEntry', target: '.answered', actions: 'answerPscInvalidEntry' },
      { guard: 'nothingLeft', target: '.answered', actions: 'answerPscDone' },
      { guard: 'otherOperation', actions: 'skipRange' },
      { target: '.awaitingUserspace', actions: 'exitMapGpaRange' },
    ],
  },
});

export const exchangeChart = compile(exchangeMachine, exchangeEvents);
