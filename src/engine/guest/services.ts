/** Other requests of a guest: intercepted instructions, hypercalls, strings, messages to the firmware. */
import { gpaToGfn, isPageAligned, pageOffset } from '../../abi/address';
import { GHCB_SHARED_BUFFER_END } from '../../abi/ghcb-page';
import {
  GUEST_MESSAGE_ALGO,
  GUEST_MESSAGE_HEADER_SIZE,
  GUEST_MESSAGE_HEADER_VERSION,
  guestMessageHeader,
  SNP_MSG_REPORT_REQ,
  SNP_REPORT_REQUEST_SIZE,
} from '../../abi/guest-request';
import { ioioInfo1 } from '../../abi/ioio';
import { nextSequence } from '../firmware/guest-request';
import {
  SVM_EXIT_INVD,
  SVM_EXIT_IOIO,
  SVM_EXIT_MONITOR,
  SVM_EXIT_MWAIT,
  SVM_EXIT_RDPMC,
  SVM_EXIT_RDTSC,
  SVM_EXIT_RDTSCP,
  SVM_EXIT_READ_DR7,
  SVM_EXIT_VMMCALL,
  SVM_EXIT_WBINVD,
  SVM_EXIT_WRITE_DR7,
  SVM_VMGEXIT_AP_JUMP_TABLE,
  SVM_VMGEXIT_EXT_GUEST_REQUEST,
  SVM_VMGEXIT_GET_AP_JUMP_TABLE,
  SVM_VMGEXIT_GUEST_REQUEST,
  SVM_VMGEXIT_NMI_COMPLETE,
  SVM_VMGEXIT_SET_AP_JUMP_TABLE,
} from '../../abi/nae';
import { refused, type ActArguments, type Outcome } from '../acts';
import { slotOf } from '../frames/slots';
import type { Image } from '../memory/image';
import type { GuestHandlers } from '../handlers';
import type { World } from '../world';
import { naeRequest, notInGuest, type NaeInput } from './ghcb-writer';

const code = (value: number): bigint => BigInt(value);

/** Exit code of an instruction, and the registers that go with it. */
const instructions: Record<
  ActArguments<'guest', 'instruction'>['what'],
  readonly [exitCode: number, ...registers: ('rax' | 'rcx' | 'rdx')[]]
> = {
  'dr7-read': [SVM_EXIT_READ_DR7],
  'dr7-write': [SVM_EXIT_WRITE_DR7, 'rax'],
  rdtsc: [SVM_EXIT_RDTSC],
  rdpmc: [SVM_EXIT_RDPMC, 'rcx'],
  invd: [SVM_EXIT_INVD],
  rdtscp: [SVM_EXIT_RDTSCP],
  wbinvd: [SVM_EXIT_WBINVD],
  monitor: [SVM_EXIT_MONITOR, 'rax', 'rcx', 'rdx'],
  mwait: [SVM_EXIT_MWAIT, 'rax', 'rcx'],
};

function instruction(world: World, vcpu: number, args: ActArguments<'guest', 'instruction'>): Outcome {
  const [exitCode, ...registers] = instructions[args.what];
  const values = Object.fromEntries(registers.map((name) => [name, args[name] ?? 0n]));
  return naeRequest(world, vcpu, { code: code(exitCode), ...values });
}

const oneHot: readonly number[] = [1, 2, 4];

/** Items are written to the scratch area one after the other, as far as they fit into the page. */
function stringAccess(world: World, vcpu: number, args: ActArguments<'guest', 'io-string'>): Outcome {
  const { direction, port, size, n, value = 0n } = args;
  if (!oneHot.includes(size)) return refused('a port access has items of 1, 2 or 4 bytes');
  const isIn = direction === 'in';
  const request: NaeInput = {
    code: code(SVM_EXIT_IOIO),
    info1: ioioInfo1.encode({
      port,
      sizeBytes: size,
      direction: isIn ? 1 : 0,
      string: 1,
      rep: 1,
      addressSize: 4,
      segment: isIn ? 0 : 3,
    }),
    info2: BigInt(n),
    scratch: args.scratch,
  };
  return naeRequest(world, vcpu, request, (page, scratch) => {
    const first = pageOffset(scratch);
    const last = Math.min(first + n * size, GHCB_SHARED_BUFFER_END);
    if (isIn) return;
    for (let at = first; at < last; at++) {
      page.setU8(at, Number((value >> BigInt(8 * ((at - first) % size))) & 0xffn));
    }
  });
}

/** The header as Linux fills it; sealing and payload are not modelled. */
function writeMessage(page: Image, { type, sequence }: { type: number; sequence: bigint }): void {
  guestMessageHeader.set(page, 'sequenceNumber', sequence);
  guestMessageHeader.set(page, 'algo', GUEST_MESSAGE_ALGO);
  guestMessageHeader.set(page, 'headerVersion', GUEST_MESSAGE_HEADER_VERSION);
  guestMessageHeader.set(page, 'headerSize', GUEST_MESSAGE_HEADER_SIZE);
  guestMessageHeader.set(page, 'messageType', type);
  guestMessageHeader.set(page, 'messageVersion', 1);
  // The firmware checks it against the page alone here, so that all types may have that of a report request.
  guestMessageHeader.set(page, 'payloadSize', SNP_REPORT_REQUEST_SIZE);
}

type RequestArguments = ActArguments<'guest', 'guest-request'> &
  Partial<Pick<ActArguments<'guest', 'ext-guest-request'>, 'certs' | 'pages'>>;

function firmwareMessage(exitCode: number) {
  return (world: World, vcpu: number, args: RequestArguments): Outcome => {
    const impossible = notInGuest(world, vcpu);
    if (impossible) return impossible;
    const { request, response, certs, pages } = args;
    const gfn = gpaToGfn(request);
    if (isPageAligned(request) && slotOf(world, gfn)) {
      const type = args.type ?? SNP_MSG_REPORT_REQ;
      writeMessage(world.image('shared', gfn), { type, sequence: args.seq ?? nextSequence(world, 0) });
    }
    return naeRequest(world, vcpu, {
      code: code(exitCode),
      info1: request,
      info2: response,
      rax: certs,
      rbx: pages,
    });
  };
}

/** Guest acts that request a service from KVM. */
export const serviceHandlers = {
  instruction,
  'io-string': stringAccess,
  vmmcall: (world, vcpu, { nr, a0, a1, a2, a3, cpl }) =>
    naeRequest(world, vcpu, {
      code: code(SVM_EXIT_VMMCALL),
      rax: nr,
      rbx: a0,
      rcx: a1,
      rdx: a2,
      rsi: a3,
      cpl: cpl ?? 0,
    }),
  'nmi-complete': (world, vcpu) => naeRequest(world, vcpu, { code: code(SVM_VMGEXIT_NMI_COMPLETE) }),
  'jump-table': (world, vcpu, { op, gpa }) =>
    naeRequest(world, vcpu, {
      code: code(SVM_VMGEXIT_AP_JUMP_TABLE),
      info1: op === 'set' ? SVM_VMGEXIT_SET_AP_JUMP_TABLE : SVM_VMGEXIT_GET_AP_JUMP_TABLE,
      info2: gpa,
    }),
  'guest-request': firmwareMessage(SVM_VMGEXIT_GUEST_REQUEST),
  'ext-guest-request': firmwareMessage(SVM_VMGEXIT_EXT_GUEST_REQUEST),
} satisfies Partial<GuestHandlers>;
