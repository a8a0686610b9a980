/**
 * SNP_GUEST_REQUEST: the firmware opens a sealed message of the guest and seals an answer. Neither sealing nor the
 * payload are modelled, so no message is refused for them. The header, its sequence number and the checks on the pages
 * are modelled, in the order of snp_mcmd_guest_request of AMD's published firmware.
 */
import { PAGE_SIZE } from '../../abi/address';
import { firmwareStatus } from '../../abi/firmware';
import {
  GUEST_MESSAGE_ALGO,
  GUEST_MESSAGE_HEADER_SIZE,
  GUEST_MESSAGE_HEADER_VERSION,
  GUEST_MESSAGE_KEYS,
  guestMessageHeader,
  guestMessageTypes,
} from '../../abi/guest-request';
import { assert } from '../../base/assert';
import { bytesView, type ByteView } from '../../base/bytes';
import { hasRmpEntry, pageState } from '../hardware/rmp';
import type { World } from '../world';

/** Requests have odd numbers, the answer the number after. */
const isRequest = (type: number): boolean => type % 2 === 1 && type in guestMessageTypes;

/** Whether the firmware takes a header: version and size, algorithm, payload in whole blocks within the page, key. */
function headerLegal(message: ByteView): boolean {
  const get = (field: Parameters<typeof guestMessageHeader.get>[1]): number =>
    Number(guestMessageHeader.get(message, field));
  const payload = get('payloadSize');
  return (
    get('headerVersion') === GUEST_MESSAGE_HEADER_VERSION &&
    get('headerSize') === GUEST_MESSAGE_HEADER_SIZE &&
    get('algo') === GUEST_MESSAGE_ALGO &&
    payload > 0 &&
    payload % 16 === 0 &&
    GUEST_MESSAGE_HEADER_SIZE + payload <= PAGE_SIZE &&
    get('vmpck') < GUEST_MESSAGE_KEYS
  );
}

const counters = ['messageCount0', 'messageCount1', 'messageCount2', 'messageCount3'] as const;
/** A request that would need the last number is refused, since its answer has none. */
const LAST_COUNT = 0xffff_ffff_ffff_fffen;

/** The counter of a key. @param key number of the VMPCK, 0 to 3 */
function counterOf(key: number): (typeof counters)[number] {
  const counter = counters[key];
  assert(counter, 'a guest has four keys for messages');
  return counter;
}

/** The sequence number that the firmware expects with a key. @param key number of the VMPCK, 0 to 3 */
export const nextSequence = ({ vm }: World, key: number): bigint => vm[counterOf(key)] + 1n;

/** A new guest context has counted no message. */
export function resetMessageCounts({ vm }: World): void {
  for (const counter of counters) vm[counter] = 0n;
}

/** @param request the request page as KVM copied it; @returns the status */
export function guestRequest(world: World, request: Uint8Array): number {
  const { contextPfn, responsePfn, gstate } = world.vm;
  const onContext = hasRmpEntry(world, contextPfn) && pageState(world, contextPfn) === 'Context';
  if (!onContext) return firmwareStatus.INVALID_GUEST;
  if (pageState(world, responsePfn) !== 'Firmware') return firmwareStatus.INVALID_PAGE_STATE;
  if (gstate !== 'RUNNING') return firmwareStatus.INVALID_GUEST_STATE;
  const message = bytesView(request);
  if (!headerLegal(message)) return firmwareStatus.INVALID_PARAM;
  const key = Number(guestMessageHeader.get(message, 'vmpck'));
  const sequence = guestMessageHeader.get(message, 'sequenceNumber');
  const counter = counterOf(key);
  if (world.vm[counter] === LAST_COUNT || sequence !== nextSequence(world, key))
    return firmwareStatus.AEAD_OFLOW;
  const type = guestMessageHeader.get(message, 'messageType');
  if (!isRequest(type)) return firmwareStatus.INVALID_PARAM;
  const response = world.image('kernel', responsePfn);
  for (let at = 0; at < GUEST_MESSAGE_HEADER_SIZE; at++) response.setU8(at, request[at] ?? 0);
  guestMessageHeader.set(response, 'messageType', type + 1);
  guestMessageHeader.set(response, 'sequenceNumber', sequence + 1n);
  world.vm[counter] += 2n;
  return firmwareStatus.SUCCESS;
}
