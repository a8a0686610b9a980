import type { Panel } from '../shared/panel';

export const panel = {
  id: 'exits',
  title: 'Exits',
  says: 'The returns of KVM_RUN to the VMM, with the bytes of kvm_run.',
  keys: 'g r',
  needs: 'run',
  load: () => import('./ExitsView.svelte'),
  loadCompared: () => import('./ComparedExits.svelte'),
} as const satisfies Panel;
