import type { Panel } from '../shared/panel';

export const panel = {
  id: 'machines',
  title: 'Machines',
  keys: 'g m',
  needs: 'run',
  load: () => import('./MachinesView.svelte'),
  loadCompared: () => import('./ComparedMachines.svelte'),
} as const satisfies Panel;
