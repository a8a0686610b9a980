/** Scenarios for what guests keep in pages: the bytes are stored as they are, then VMGEXIT. */
import { PAGE_SIZE, pageOffset } from '../../abi/address';
import {
  GHCB_SHARED_BUFFER,
  GHCB_SHARED_BUFFER_END,
  GHCB_VALID_BITMAP,
  ghcbPage,
  isMarkedValid,
  writeValid,
} from '../../abi/ghcb-page';
import { naeEvent, SVM_VMGEXIT_GUEST_REQUEST, SVM_VMGEXIT_PSC } from '../../abi/nae';
import { vmsa } from '../../abi/vmsa';
import { bytesView } from '../../base/bytes';
import { hex } from '../../base/hex';
import type { Act } from '../../engine/acts';
import { byteRunsOf } from '../byte-runs';
import {
  FREE_GPA,
  GHCB_GPA,
  guest,
  machineWith,
  memoryFor,
  OTHER_FREE_GPA,
  VALID_GPA,
  type Plan,
} from './plan';
import { preparation } from './requests';

/** The guest stores bytes that are not zero; a fresh page has zeros elsewhere. */
function stored(gpa: bigint, isPrivate: boolean, bytes: Uint8Array, origin = 0): Act[] {
  const runs = byteRunsOf(bytes, origin);
  return runs.length === 0 ? [] : [guest('store', { gpa, private: isPrivate, bytes: runs })];
}

/** The page where the scratch address of a GHCB says that the page itself lies. */
function ghcbGpaOf(page: Uint8Array): bigint {
  const view = bytesView(page);
  const scratch = ghcbPage.get(view, 'swScratch');
  const inPage = pageOffset(scratch);
  const isOwn = inPage >= GHCB_SHARED_BUFFER && inPage <= GHCB_SHARED_BUFFER_END;
  if (!isMarkedValid(view, 'swScratch') || !isOwn) return GHCB_GPA;
  const gpa = scratch - BigInt(inPage);
  return gpa === 0n || memoryFor([gpa]) === undefined ? GHCB_GPA : gpa;
}

export function planOfGhcbPage(bytes: Uint8Array): Plan {
  const view = bytesView(bytes);
  const gpa = ghcbGpaOf(bytes);
  const code = ghcbPage.get(view, 'swExitCode');
  const [info1, info2] = [ghcbPage.get(view, 'swExitInfo1'), ghcbPage.get(view, 'swExitInfo2')];
  const ready = preparation({ code, info1, info2 });
  const name = naeEvent(code)?.name ?? 'an unknown event';
  return {
    title: `A GHCB page that asks for ${name}, ${hex(code)}`,
    notes: [
      `Where the page lay it does not say; here it is ${hex(gpa)}${gpa === GHCB_GPA ? '' : ', as its scratch address has it'}.`,
      ...ready.notes,
    ],
    vm: { ...ready.vm, ...machineWith(gpa, GHCB_GPA, info2OfPage(ready.acts, info2)) },
    acts: [
      ...ready.acts,
      guest('register-ghcb', { gpa }),
      ...stored(gpa, false, bytes),
      guest('vmgexit', {}),
    ],
  };
}

/** The page that the preparation makes must lie in the machine as well. */
const info2OfPage = (prepared: readonly Act[], info2: bigint): bigint =>
  prepared.length === 0 ? GHCB_GPA : info2;

/** A buffer of page state changes in the shared buffer of a GHCB page that asks for nothing else. */
export function planOfPscBuffer(bytes: Uint8Array): Plan {
  const page = new Uint8Array(PAGE_SIZE);
  const view = bytesView(page);
  writeValid(view, 'swExitCode', BigInt(SVM_VMGEXIT_PSC));
  writeValid(view, 'swExitInfo1', 0n);
  writeValid(view, 'swExitInfo2', 0n);
  writeValid(view, 'swScratch', GHCB_GPA + BigInt(GHCB_SHARED_BUFFER));
  ghcbPage.set(view, 'protocolVersion', 2);
  page.set(bytes.subarray(0, GHCB_SHARED_BUFFER_END - GHCB_SHARED_BUFFER), GHCB_SHARED_BUFFER);
  return {
    title: 'A batched page state change with this buffer',
    acts: [guest('register-ghcb', { gpa: GHCB_GPA }), ...stored(GHCB_GPA, false, page), guest('vmgexit', {})],
  };
}

/** A GHCB page of which only the valid bitmap is known. */
export const planOfValidBitmap = (bytes: Uint8Array): Plan => ({
  title: 'A GHCB page with this valid bitmap and zeros',
  acts: [
    guest('register-ghcb', { gpa: GHCB_GPA }),
    ...stored(GHCB_GPA, false, bytes, GHCB_VALID_BITMAP),
    guest('vmgexit', {}),
  ],
});

/** An AP starts on these bytes. */
export function planOfVmsa(bytes: Uint8Array): Plan {
  const page = new Uint8Array(PAGE_SIZE);
  page.set(bytes.subarray(0, PAGE_SIZE));
  const features = vmsa.get(bytesView(page), 'sevFeatures');
  return {
    title: 'AP creation with this VMSA',
    notes: ['RAX of the request is the SEV_FEATURES of the page, as guests do it.'],
    acts: [
      ...stored(VALID_GPA, true, page),
      guest('rmpadjust', { gpa: VALID_GPA, vmsa: true }),
      guest('ap-create', { target: 1, vmsa: VALID_GPA, features }),
    ],
  };
}

/** A guest request with this header; the firmware of the model opens no message. */
export const planOfGuestMessage = (bytes: Uint8Array): Plan => ({
  title: 'A guest request with this message header',
  acts: [
    ...stored(FREE_GPA, false, bytes),
    guest('nae', { code: BigInt(SVM_VMGEXIT_GUEST_REQUEST), info1: FREE_GPA, info2: OTHER_FREE_GPA }),
  ],
});
