/**
 * SNP_GUEST_REQUEST: the firmware opens a sealed message of the guest and seals an answer. Neither sealing
 * nor the payload is modelled, so no message is refused for them. The header and the checks on the pages are modelled.
 */
import { firmwareStatus } from '../../abi/firmware';
import { GUEST_MESSAGE_HEADER_SIZE, guestMessageHeader, guestMessageTypes } from '../../abi/guest-request';
import { bytesView } from '../../base/bytes';
import { hasRmpEntry, pageState } from '../hardware/rmp';
import type { World } from '../world';

/** Requests have odd numbers, the answer the number after. */
const isRequest = (type: number): boolean => type % 2 === 1 && type in guestMessageTypes;

/** @param request the request page as KVM copied it; @returns the status */
export function guestRequest(world: World, request: Uint8Array): number {
  const { contextPfn, responsePfn, gstate } = world.vm;
  const onContext = hasRmpEntry(world, contextPfn) && pageState(world, contextPfn) === 'Context';
  if (!onContext) return firmwareStatus.INVALID_GUEST;
  if (gstate !== 'RUNNING') return firmwareStatus.INVALID_GUEST_STATE;
  if (pageState(world, responsePfn) !== 'Firmware') return firmwareStatus.INVALID_PAGE_STATE;
  const message = bytesView(request);
  const type = guestMessageHeader.get(message, 'messageType');
  if (!isRequest(type)) return firmwareStatus.INVALID_PARAM;
  const response = world.image('kernel', responsePfn);
  for (let at = 0; at < GUEST_MESSAGE_HEADER_SIZE; at++) response.setU8(at, request[at] ?? 0);
  guestMessageHeader.set(response, 'messageType', type + 1);
  const sequence = guestMessageHeader.get(message, 'sequenceNumber');
  guestMessageHeader.set(response, 'sequenceNumber', sequence + 1n);
  return firmwareStatus.SUCCESS;
}
