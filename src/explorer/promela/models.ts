/** The Promela models that ship, and what a scope and a profile come to in their words. */
import apLifecycle from '../../../public/models/ap-lifecycle.pml?raw';
import psc from '../../../public/models/psc.pml?raw';

export type ModelId = 'ap-lifecycle' | 'psc';

/** The text of each model, as it ships. */
export const modelSources: Readonly<Record<ModelId, string>> = { 'ap-lifecycle': apLifecycle, psc };

/** Parameters of a model: `#define NAME VALUE`. */
export type Defines = Readonly<Record<string, string | number>>;

/** What a part of a scope or profile is in a model. */
export interface Fitted {
  readonly defines: Defines;
  /** What the model has not, each as a noun. */
  readonly lacks: readonly string[];
  /** What it does beyond what was asked for. */
  readonly adds: readonly string[];
}

/** The properties of a model, as it numbers them. */
export function propertiesOf(model: ModelId): readonly { readonly name: string; readonly number: number }[] {
  const [, part = ''] = modelSources[model].split('/* ---- properties ---- */');
  const [declared = ''] = part.split('#ifndef PROPERTY');
  return [...declared.matchAll(/^#define (\w+) (\d+)$/gm)].map(([, name = '', number]) => ({
    name,
    number: Number(number),
  }));
}
