/** Everything that the ask bar can find, each from the place that declares it. */
import { structLayouts, wordLayouts } from '../../abi/kinds';
import { invariantNames, invariantTexts } from '../../engine/rules/invariants';
import { catalog } from '../../explorer/matrix/catalog';
import { facetNames, facets } from '../../profiles/facets';
import { overlay, overlayIds } from '../../profiles/overlays';
import { profileIds, profileTexts } from '../../profiles/profiles';
import { referenceLayouts } from '../../views/decode/reference';
import type { AskEntry } from './entry';

const cells = (): AskEntry[] =>
  catalog().map(({ address, title, words }) => ({
    id: `cell-${address}`,
    kind: 'cell',
    title,
    words: words.join(' '),
    link: `#/m/${address}`,
  }));

const profiles = (): AskEntry[] => [
  ...profileIds.map((id): AskEntry => ({
    id: `profile-${id}`,
    kind: 'profile',
    title: id,
    words: `${profileTexts[id].title} ${profileTexts[id].description}`,
    takes: { profile: id },
  })),
  ...overlayIds
    .filter((id) => overlay(id).testOnly !== true)
    .map((id): AskEntry => ({
      id: `profile-${id}`,
      kind: 'profile',
      title: id,
      words: `${overlay(id).title} ${overlay(id).description}`,
      takes: { profile: id },
    })),
];

const facetEntries = (): AskEntry[] =>
  facetNames.map((name) => ({
    id: `facet-${name}`,
    kind: 'facet',
    title: name,
    words: `${facets[name].doc} ${Object.keys(facets[name].values).join(' ')}`,
    takes: { facet: name },
  }));

const invariants = (): AskEntry[] =>
  invariantNames.map((name) => ({
    id: `invariant-${name}`,
    kind: 'invariant',
    title: name,
    words: invariantTexts[name].doc,
    takes: { says: `${name}: ${invariantTexts[name].doc}` },
  }));

const declared = { ...structLayouts, ...wordLayouts };

const layouts = (): AskEntry[] =>
  referenceLayouts.flatMap(({ kind, title, fields }) => {
    if (!Object.hasOwn(declared, kind)) return [];
    return [
      { id: `layout-${kind}`, kind: 'layout', title, words: kind, link: `#/d/ref/${kind}` },
      ...fields.map(({ name, doc }): AskEntry => ({
        id: `field-${kind}-${name}`,
        kind: 'field',
        title: `${name} of ${title}`,
        words: `${kind} ${doc}`,
        link: `#/d/ref/${kind}/${name}`,
      })),
    ];
  });

/** What the page itself declares; scenarios and commands are the shell's. */
export const declaredEntries = (): readonly AskEntry[] => [
  ...cells(),
  ...profiles(),
  ...facetEntries(),
  ...invariants(),
  ...layouts(),
];
