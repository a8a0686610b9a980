/** The three ways to look at a step. */
export const inspectorTabs = [
  { id: 'fields', title: 'Fields' },
  { id: 'bytes', title: 'Bytes' },
  { id: 'src', title: 'Src' },
] as const;
export type InspectorTab = (typeof inspectorTabs)[number]['id'];
