/** What happens inside KVM without anyone's call: a thread goes on. */
import { need, table } from './parameter';

/** The verbs of KVM. */
export const kvmActs = table({
  wake: {
    doc: 'the thread of a vCPU that sleeps or was kicked goes on',
    params: { vcpu: need('count', 'vCPU id') },
  },
});
