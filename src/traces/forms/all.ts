/** Every kind of line. The first that fits decides; words in no fixed format come last. */
import type { LineForm } from '../form';
import { firmwareLogForms } from './firmware-log';
import { guestLogForms } from './guest-log';
import { kvmLogForms } from './kvm-log';
import { kvmTraceForms } from './kvm-trace';
import { looseForms } from './loose';
import { vmmForms } from './vmm';

export const lineForms: readonly LineForm[] = [
  ...kvmTraceForms,
  ...kvmLogForms,
  ...guestLogForms,
  ...vmmForms,
  ...firmwareLogForms,
  ...looseForms,
];
