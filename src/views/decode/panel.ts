import type { Panel } from '../shared/panel';

export const panel = {
  id: 'decode',
  title: 'Decode',
  says: 'Values, dumps and logs read field by field; reference and glossary.',
  keys: 'g d',
  link: { prefix: 'd' },
  hidesInspector: true,
  needs: 'nothing',
  load: () => import('./DecodeView.svelte'),
} as const satisfies Panel;
