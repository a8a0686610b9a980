/** Everything that the ask bar can find, each from the place that declares it. */
import { errno } from '../../abi/errno';
import { firmwareStatus } from '../../abi/firmware';
import { structLayouts, wordLayouts } from '../../abi/kinds';
import { naeEvents } from '../../abi/nae';
import { hex } from '../../base/hex';
import { invariantNames, invariantTexts } from '../../engine/rules/invariants';
import { catalog } from '../../explorer/matrix/catalog';
import { facetNames, facets } from '../../profiles/facets';
import { overlay, overlayIds } from '../../profiles/overlays';
import { profileIds, profileTexts } from '../../profiles/profiles';
import { referenceLayouts } from '../../views/decode/reference';
import type { AskEntry } from './entry';

/** The words of a text that another one does not have. */
function otherWords(text: string, besides: string): string {
  const known = new Set(besides.toLowerCase().split(/[^a-z0-9]+/));
  return text
    .split('-')
    .flatMap((part) => part.split(' '))
    .filter((word) => !known.has(word))
    .join(' ');
}

const cells = (): AskEntry[] =>
  catalog().map(({ address, chart, state, event, title, words }) => ({
    id: `cell-${address}`,
    kind: 'cell',
    title,
    about: otherWords(`${chart} ${event}`, title),
    words: words.join(' '),
    link: `#/m/${address}`,
    ...(usualStates.has(`${chart}/${state}`) ? { usual: true } : {}),
  }));

/** The states that people mean when they name none. */
const usualStates: ReadonlySet<string> = new Set([
  'vcpu/on-guest-vmsa',
  'launch/updated',
  'page/guest-valid',
  'psc/one',
]);

const profiles = (): AskEntry[] => [
  ...profileIds.map((id): AskEntry => ({
    id: `profile-${id}`,
    kind: 'profile',
    title: id,
    words: `${profileTexts[id].title} ${profileTexts[id].description}`,
    takes: { profile: id },
  })),
  ...overlayIds.map((id): AskEntry => ({
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

const constants = (): AskEntry[] => [
  ...Object.entries(errno).map(([name, number]): AskEntry => ({
    id: `constant-errno-${name}`,
    kind: 'constant',
    title: `${name}, -${number}`,
    words: `errno ${number}`,
    takes: { says: `${name} is error number ${number}; an ioctl returns -${number}.` },
  })),
  ...Object.entries(firmwareStatus).map(([name, code]): AskEntry => ({
    id: `constant-firmware-${name}`,
    kind: 'constant',
    title: `${name}, ${hex(code)}`,
    words: `firmware status fw_error ${code}`,
    link: `#/d/firmware-status/${code.toString(16)}`,
  })),
  ...naeEvents.map(({ code, name }): AskEntry => ({
    id: `constant-nae-${name}`,
    kind: 'constant',
    title: `${name}, ${hex(code)}`,
    words: 'nae event exit code sw_exitcode',
    link: `#/d/nae-code/${code.toString(16)}`,
  })),
];

/** What the page itself declares; scenarios and commands are the shell's. */
export const declaredEntries = (): readonly AskEntry[] => [
  ...cells(),
  ...profiles(),
  ...facetEntries(),
  ...invariants(),
  ...layouts(),
  ...constants(),
];
