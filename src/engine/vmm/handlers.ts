/** All acts of userspace. */
import type { HandlersOf } from '../handlers';
import { certificateHandlers } from './certificates';
import { cpuidHandlers } from './cpuid-table';
import { personalityHandlers } from './handle';
import { launchHandlers } from './launch';
import { memoryHandlers } from './memory';
import { runHandlers } from './run';
import { vcpuStateHandlers } from './vcpu-state';

export const vmmHandlers: HandlersOf<'vmm'> = {
  ...launchHandlers,
  ...memoryHandlers,
  ...runHandlers,
  ...personalityHandlers,
  ...certificateHandlers,
  ...vcpuStateHandlers,
  ...cpuidHandlers,
};
