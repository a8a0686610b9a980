/**
 * A run on paper: its ladder as vector pictures that no page break cuts, the notes, and the sources of the rules that decided.
 * Loaded when somebody prints.
 */
import { sourceText } from '../abi/source';
import { ladderPicture, stepsAround, type LadderPictureOf } from '../drawings/ladder-picture';
import { rules } from '../engine/rules';
import type { Timeline } from '../recording/timeline/timeline';
import { pictureFiles, printed } from './paper';

/** Steps of one picture: with their acts they fill less than a sheet. */
const STEPS_OF_A_PICTURE = 24;
/** Steps of a handout: forty sheets. Of a longer run those around the step shown. */
const MOST_STEPS = 960;

type HandoutOf = Omit<LadderPictureOf, 'part'> & { readonly link: string };

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  ...inside: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  made.append(...inside);
  return made;
}

/** What each rule of these steps says, and its source; each once, in the order of the steps. */
function rulesOf(timeline: Timeline, first: number, count: number): [says: string, source: string][] {
  const found = new Map<string, [string, string]>();
  for (let index = first; index < first + count; index++) {
    const { rule } = timeline.step(index);
    if (rule) found.set(rule, [rules[rule].says, sourceText(rules[rule].source)]);
  }
  return [...found.values()];
}

function imageOf(address: string): HTMLImageElement {
  const image = new Image();
  image.src = address;
  image.alt = 'Ladder';
  return image;
}

/** The parts of the handout, from the top down. */
function partsOf({ link, ...of }: HandoutOf): readonly HTMLElement[] {
  const { timeline, position, title, notes } = of;
  const { stepCount } = timeline;
  const { first, count } = stepsAround(position, stepCount, MOST_STEPS);
  const starts = Array.from(
    { length: Math.ceil(count / STEPS_OF_A_PICTURE) },
    (_, i) => first + i * STEPS_OF_A_PICTURE,
  );
  const drawn = starts.map((start) => {
    const part = { first: start, count: Math.min(STEPS_OF_A_PICTURE, first + count - start) };
    return ladderPicture({ ...of, part });
  });
  const pictures = pictureFiles(drawn, link.slice(link.indexOf('#'))).map(imageOf);
  const noted = [...(notes ?? [])].map(([act, text]) => element('li', `Act ${act + 1}: ${text}`));
  const sources = rulesOf(timeline, first, count).map(([says, source]) =>
    element('li', says, element('br'), element('small', source)),
  );
  return [
    element('h1', title),
    element('p', `Under ${timeline.world.profile.spec}, ${stepCount} steps. Nothing here ran on hardware.`),
    element('p', element('small', link.length > 400 ? `${link.slice(0, 400)}…` : link)),
    ...(noted.length > 0 ? [element('h2', 'Notes'), element('ul', ...noted)] : []),
    ...pictures,
    ...(sources.length > 0 ? [element('h2', 'Rules and their sources'), element('ul', ...sources)] : []),
  ];
}

/** Opens the browser's print dialog with the handout of a run. */
export const printHandout = (of: HandoutOf): Promise<void> =>
  printed((paper) => {
    paper.append(...partsOf(of));
    return () => {};
  });
