import type { Panel } from '../shared/panel';

export const panel = {
  id: 'machines',
  title: 'Machines',
  says: 'The statecharts: where each vCPU, exchange, launch and page stands, and which way it took.',
  keys: 'g m',
  needs: 'run',
  load: () => import('./MachinesView.svelte'),
  loadCompared: () => import('./ComparedMachines.svelte'),
} as const satisfies Panel;
