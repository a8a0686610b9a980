/**
 * SNP_GUEST_REQUEST: the firmware opens a sealed message of the guest and seals an answer. Neither sealing, sequence
 * numbers nor the payload are modelled, so no message is refused for them. The header and the checks on the pages are
 * modelled, in the order of snp_mcmd_guest_request of AMD's published firmware.
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

/** @param request the request page as KVM copied it; @returns the status */
export function guestRequest(world: World, request: Uint8Array): number {
  const { contextPfn, responsePfn, gstate } = world.vm;
  const onContext = hasRmpEntry(world, contextPfn) && pageState(world, contextPfn) === 'Context';
  if (!onContext) return firmwareStatus.INVALID_GUEST;
  if (pageState(world, responsePfn) !== 'Firmware') return firmwareStatus.INVALID_PAGE_STATE;
  if (gstate !== 'RUNNING') return firmwareStatus.INVALID_GUEST_STATE;
  const message = bytesView(request);
  if (!headerLegal(message)) return firmwareStatus.INVALID_PARAM;
  const type = guestMessageHeader.get(message, 'messageType');
  if (!isRequest(type)) return firmwareStatus.INVALID_PARAM;
  const response = world.image('kernel', responsePfn);
  for (let at = 0; at < GUEST_MESSAGE_HEADER_SIZE; at++) response.setU8(at, request[at] ?? 0);
  guestMessageHeader.set(response, 'messageType', type + 1);
  const sequence = guestMessageHeader.get(message, 'sequenceNumber');
  guestMessageHeader.set(response, 'sequenceNumber', sequence + 1n);
  return firmwareStatus.SUCCESS;
}
