/** The scope of a scenario under a profile as a Promela model, for a search by SPIN that is larger than ours. */
import { ok, problem, type Result } from '../../base/result';
import { wrap } from '../../base/text';
import type { ResolvedProfile } from '../../profiles/resolve';
import { headOf, type Scenario } from '../../scenarios/scenario';
import { rootWorld } from '../search/root';
import { scopeOf, type Scope } from '../search/scope';
import { fittedAp } from './ap';
import { fittedFacets } from './facets';
import { modelSources, propertiesOf, type Defines, type ModelId } from './models';
import { fittedPsc } from './psc';

export interface Promela {
  readonly model: ModelId;
  readonly defines: Defines;
  /** One sentence: which parts of scope and profile the model does not cover, and what it adds. */
  readonly says: string;
  /** The whole model. */
  readonly text: string;
}

const WIDTH = 96;

const list = (words: readonly string[]): string => [...new Set(words)].join('; ');

function sentence(lacks: readonly string[], adds: readonly string[]): string {
  const missing =
    lacks.length > 0 ? `The model does not cover ${list(lacks)}` : 'The model covers the whole scope';
  return adds.length > 0 ? `${missing}, and allows more: ${list(adds)}.` : `${missing}.`;
}

/** The property that a scope asks about, where it is one that the model has. */
function propertyOf(scope: Scope, model: ModelId): string | undefined {
  const names = scope.properties.flatMap((property) =>
    property.kind === 'invariants' ? property.names : [],
  );
  const known = propertiesOf(model).filter(({ name }) => names.some((asked) => asked === name));
  return known.length === 1 ? known[0]?.name : undefined;
}

function textOf(
  model: ModelId,
  defines: Defines,
  {
    title,
    spec,
    says,
    property,
  }: { title: string; spec: string; says: string; property: string | undefined },
): string {
  const comment = [
    ...wrap(`${title}: its scope under ${spec}, for SPIN.`.replaceAll('*/', '* /'), WIDTH),
    ...wrap(says.replaceAll('*/', '* /'), WIDTH),
    '',
    '  spin -a -DPROPERTY=NAME FILE.pml',
    '  gcc -O2 -DSAFETY -DNOREDUCE -DBFS -o pan pan.c && ./pan && spin -t -DPROPERTY=NAME FILE.pml',
    '',
    ...wrap(
      `NAME is one of ${propertiesOf(model)
        .map(({ name }) => name)
        .join(', ')}.`,
      WIDTH,
    ),
  ];
  return [
    '/*',
    ...comment.map((line) => (line === '' ? ' *' : ` * ${line}`)),
    ' */',
    ...(property ? ['#ifndef PROPERTY', `#define PROPERTY ${property}`, '#endif'] : []),
    ...Object.entries(defines).map(([name, value]) => `#define ${name} ${value}`),
    '',
    modelSources[model],
  ].join('\n');
}

/** @returns the model that has most of the scope's acts; a problem where none has any */
export function promelaOf(scenario: Scenario, profile: ResolvedProfile): Result<Promela> {
  const scope = scopeOf(scenario);
  if (!scope.ok) return scope;
  const root = rootWorld(scenario, profile, new Set());
  if (!root.ok) return root;
  const ap = fittedAp(scope.value, root.value);
  const psc = fittedPsc(scope.value, root.value);
  const covered = Math.max(ap.covered, psc.covered);
  if (covered === 0)
    return problem(
      'no Promela model has an act of this scope; there is one of the AP life cycle and one of page state changes',
    );
  const model: ModelId = ap.covered >= psc.covered ? 'ap-lifecycle' : 'psc';
  const fitted = model === 'psc' ? psc : ap;
  const facets = fittedFacets(model, profile);
  const defines = { ...facets.defines, ...fitted.defines };
  const says = sentence([...facets.lacks, ...fitted.lacks], fitted.adds);
  const title = headOf(scenario).title || 'A scenario';
  const property = propertyOf(scope.value, model);
  return ok({
    model,
    defines,
    says,
    text: textOf(model, defines, { title, spec: profile.spec, says, property }),
  });
}
