import type { AnyStateMachine } from 'xstate';
import { exchangeMachine } from '../../machines/exchange';
import { launchMachine } from '../../machines/launch';
import { vcpuMachine } from '../../machines/vcpu';

/** The machine definitions by name. */
export const allCharts: Readonly<Record<string, AnyStateMachine>> = {
  exchange: exchangeMachine,
  launch: launchMachine,
  vcpu: vcpuMachine,
};
