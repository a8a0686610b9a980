/** The guest of the kernel's own SEV smoke test: one termination request (tools/testing/selftests/kvm, 7.2.13). */
import { once, type Program } from './program';

export const selftest: Program = {
  name: 'selftest',
  leastPages: 0,
  afterTermination: 'halts',
  phases: [once('termination', { verb: 'terminate', args: { form: 'msr', set: 0, code: 0 } })],
  entry: () => 0,
};
